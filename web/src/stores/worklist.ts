import { defineStore } from 'pinia'
import { computed, reactive, ref, shallowRef, watch } from 'vue'
import { tickets, work, type TicketFilter, type TicketNarrow } from '@/api/client'
import type { SavedFilter, TicketRow, WorkCounts } from '@/api/types'
import { usePaged } from '@/use/load'

export type Box = 'todo' | 'unit' | 'all' | 'mine'
/** Everything that narrows the list; an empty text narrows nothing. */
export interface Narrow { state: string; unit: string; kind: string; urgency: string; category: string; place: string; flag: string; oversight: string; from: string; to: string; due_before: string; q: string; late: boolean; sort: string }
export const plain = (): Narrow => ({ state: '', unit: '', kind: '', urgency: '', category: '', place: '', flag: '', oversight: '', from: '', to: '', due_before: '', q: '', late: false, sort: '' })

const isSet = (narrow: Narrow) => Object.entries(narrow).some(([name, value]) => name !== 'sort' && value !== '' && value !== false && String(value).trim() !== '')

/** The filter as it is sent and kept: only what narrows. */
export const sent = (box: Box, narrow: Narrow): TicketNarrow =>
  ({ box, ...Object.fromEntries(Object.entries(narrow).map(([name, value]) => [name, typeof value === 'string' ? value.trim() : value]).filter(([, value]) => value !== '' && value !== false)) })

/** The work list and where in it the reader is, so that a ticket page can go to the next without coming back. */
export const useWorklist = defineStore('worklist', () => {
  const box = ref<Box>('todo')
  const narrow = reactive<Narrow>(plain())
  const filter = computed<TicketFilter>(() => sent(box.value, narrow))
  const list = usePaged<TicketRow>(cursor => tickets.list({ ...filter.value, cursor, limit: 30 }))
  const filtered = computed(() => isSet(narrow))
  const counts = shallowRef<WorkCounts | null>(null)
  const saved = shallowRef<SavedFilter[] | null>(null)
  const selected = ref<Set<string>>(new Set())
  watch(() => [filter.value, box.value], () => { selected.value = new Set() })

  async function count() { try { counts.value = await work.counts() } catch { /* the boxes stand without numbers */ } }
  async function loadSaved() { try { saved.value = await work.filters() } catch { saved.value = null } }
  async function keep(name: string) {
    await work.keepFilter(name, filter.value)
    await loadSaved()
  }
  async function drop(id: string) {
    await work.dropFilter(id)
    await loadSaved()
  }
  function use(kept: TicketNarrow) {
    const { box: keptBox, ...rest } = kept
    if (keptBox) box.value = keptBox as Box
    Object.assign(narrow, plain(), rest)
  }
  function toggle(id: string) {
    const next = new Set(selected.value)
    if (!next.delete(id)) next.add(id)
    selected.value = next
  }
  const place = (id: string) => list.items.value.findIndex(row => row.id === id)
  const beside = (id: string, step: 1 | -1): TicketRow | null => {
    const at = place(id)
    return at < 0 ? null : list.items.value[at + step] ?? null
  }
  function clear() { Object.assign(narrow, plain()) }
  return { box, narrow, filter, filtered, counts, saved, selected, ...list, count, loadSaved, keep, drop, use, toggle, place, beside, clear }
})
