import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { tickets, type TicketFilter } from '@/api/client'
import type { TicketRow } from '@/api/types'
import { usePaged } from '@/use/load'

export type Box = 'todo' | 'unit' | 'all' | 'mine'

/** The work list and where in it the reader is, so that a ticket page can go to the next without coming back. */
export const useWorklist = defineStore('worklist', () => {
  const box = ref<Box>('todo')
  const state = ref('')
  const q = ref('')
  const late = ref(false)
  const filter = computed<TicketFilter>(() => ({ box: box.value, state: state.value || undefined, q: q.value.trim() || undefined, late: late.value || undefined }))
  const list = usePaged<TicketRow>(cursor => tickets.list({ ...filter.value, cursor, limit: 30 }))
  const filtered = computed(() => state.value !== '' || q.value.trim() !== '' || late.value)
  const place = (id: string) => list.items.value.findIndex(row => row.id === id)
  const beside = (id: string, step: 1 | -1): TicketRow | null => {
    const at = place(id)
    return at < 0 ? null : list.items.value[at + step] ?? null
  }
  function clear() { state.value = ''; q.value = ''; late.value = false }
  return { box, state, q, late, filtered, ...list, place, beside, clear }
})
