import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { calls, desk as api, type GivenOutcome } from '@/api/client'
import { asApiError, type ApiError } from '@/api/http'
import type { Callback, CallRow, Desk, Segment, TicketRow } from '@/api/types'
import { withSegments } from '@/transcript'

/** The agent's desk as the server sees it, plus what belongs to the call in hand: its words and the caller's past. */
export const useDesk = defineStore('desk', () => {
  const desk = shallowRef<Desk | null>(null)
  const error = ref<ApiError | null>(null)
  const lines = shallowRef<Segment[]>([])
  const past = shallowRef<{ calls: CallRow[]; tickets: TicketRow[] } | null>(null)
  const pastFailed = ref(false)
  const callbacks = shallowRef<Callback[]>([])
  const busy = ref(false)

  const call = computed(() => desk.value?.call ?? null)
  const callId = computed(() => call.value?.id ?? null)
  const state = computed(() => desk.value?.presence.state ?? 'signed_out')
  const mustSayOutcome = computed(() => call.value?.phase === 'ended' && call.value.outcome_needed)

  function take(fresh: Desk) { desk.value = fresh; error.value = null }

  async function load() {
    try { take(await api.get()) } catch (thrown) { error.value = asApiError(thrown) }
    void loadCallbacks()
    if (callId.value) void loadCall(callId.value)
  }
  async function loadCallbacks() {
    try { callbacks.value = (await api.callbacks()).items.filter(item => item.state === 'open') } catch { /* the list stays as it was */ }
  }
  async function loadCall(id: string) {
    const [words, history] = await Promise.allSettled([calls.transcript(id), calls.history(id)])
    if (id !== callId.value) return
    if (words.status === 'fulfilled') lines.value = withSegments(words.value, lines.value)
    if (history.status === 'fulfilled') past.value = { calls: history.value.calls.filter(row => row.id !== id), tickets: history.value.tickets }
    pastFailed.value = history.status === 'rejected'
  }
  watch(callId, id => {
    lines.value = []
    past.value = null
    pastFailed.value = false
    if (id) void loadCall(id)
  })

  function hearSegment(heard: Segment & { call_id: string }) {
    if (heard.call_id !== callId.value) return
    lines.value = withSegments(lines.value, [heard])
  }

  async function once<T>(doing: () => Promise<T>): Promise<T> {
    busy.value = true
    try { return await doing() } finally { busy.value = false }
  }
  const presence = (to: 'ready' | 'not_ready' | 'signed_out', why?: string) => once(async () => take(await api.presence(to, why)))
  const hangUp = () => api.hangUp()
  const owes = computed(() => (call.value?.outcome_needed ? call.value.id : desk.value?.owes ?? null))
  const outcome = (given: GivenOutcome) => once(async () => {
    const id = owes.value ?? callId.value
    if (!id) return
    await calls.outcome(id, given)
    await load()
  })
  return { desk, error, owes, lines, past, pastFailed, callbacks, busy, call, callId, state, mustSayOutcome, take, load, loadCallbacks, hearSegment, presence, hangUp, outcome, reloadPast: () => { if (callId.value) void loadCall(callId.value) } }
})
