import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { calls, tickets } from '@/api/client'
import { asApiError, serverNow } from '@/api/http'
import type { DeskCall, Kind, Knowledge, Ticket, TicketDraft } from '@/api/types'
import { emptyDraft, missingOf, withKind } from '@/draft'
import { uuid } from '@/uuid'

const SAVE_AFTER_MS = 500
export type Saving = 'clean' | 'waiting' | 'saving' | 'saved' | 'failed'

/** The ticket being written during a call. Every change reaches the server within half a second, so a refresh loses nothing. */
export const useDraft = defineStore('draft', () => {
  const callId = ref<string | null>(null)
  const draft = ref<TicketDraft>(emptyDraft())
  const secrecyAsked = ref(false)
  const cited = shallowRef<Knowledge | null>(null)
  const saving = ref<Saving>('clean')
  const savedAt = ref<string | null>(null)
  const submitting = ref(false)
  const filed = shallowRef<Ticket | null>(null)
  const ready = ref(false)
  let key = uuid()
  let timer: number | null = null
  let quiet = false

  const missing = computed(() => missingOf(draft.value, secrecyAsked.value))

  async function open(call: DeskCall) {
    if (callId.value === call.id) return
    flush()
    callId.value = call.id
    quiet = true
    draft.value = emptyDraft(call.withheld ? '' : call.caller_number ?? '')
    secrecyAsked.value = false
    cited.value = null
    filed.value = null
    saving.value = 'clean'
    savedAt.value = null
    key = keyOf(call.id)
    ready.value = false
    try {
      const kept = await calls.draft(call.id)
      if (callId.value === call.id && kept) {
        const { secrecy_asked, cited: knowledge, ...fields } = kept
        quiet = true
        draft.value = { ...draft.value, ...fields }
        secrecyAsked.value = secrecy_asked ?? false
        cited.value = knowledge ?? null
      }
    } catch (error) {
      if (asApiError(error).status !== 404) saving.value = 'failed'
    } finally {
      if (callId.value === call.id) window.setTimeout(() => { quiet = false; ready.value = true }, 0)
    }
  }
  function close() {
    flush()
    callId.value = null
    ready.value = false
  }

  watch([draft, secrecyAsked, cited], () => { if (!quiet && callId.value) saveSoon() }, { deep: true })
  function saveSoon() {
    saving.value = 'waiting'
    if (timer !== null) window.clearTimeout(timer)
    timer = window.setTimeout(() => void save(), SAVE_AFTER_MS)
  }
  async function save(keepalive = false) {
    const id = callId.value
    timer = null
    if (!id || filed.value) return
    saving.value = 'saving'
    try {
      await calls.saveDraft(id, { ...draft.value, secrecy_asked: secrecyAsked.value, cited: cited.value }, keepalive)
      if (id !== callId.value) return
      if (timer === null) saving.value = 'saved'
      savedAt.value = new Date(serverNow()).toISOString()
    } catch {
      if (id !== callId.value) return
      saving.value = 'failed'
      timer ??= window.setTimeout(() => void save(), 3000)
    }
  }
  /** Send what waits to be saved now: the page is going away. */
  function flush() {
    if (timer === null) return
    window.clearTimeout(timer)
    void save(true)
  }

  function setKind(kind: Kind) { draft.value = withKind(draft.value, kind) }

  async function submit(direct?: { knowledge_id: string; text: string }): Promise<Ticket> {
    submitting.value = true
    if (timer !== null) { window.clearTimeout(timer); timer = null }
    try {
      filed.value = await tickets.create({ draft: draft.value, call_id: callId.value, channel: 'phone', key, ...(direct ? { direct_answer: direct } : {}) })
      return filed.value
    } finally { submitting.value = false }
  }
  return { callId, draft, secrecyAsked, cited, saving, savedAt, submitting, filed, ready, missing, open, close, flush, setKind, submit }
})

/** One key for one call's ticket, kept over a refresh: pressing submit twice files one ticket. */
function keyOf(callId: string): string {
  const name = `lianxin.key.${callId}`
  const kept = sessionStorage.getItem(name)
  if (kept) return kept
  const fresh = uuid()
  sessionStorage.setItem(name, fresh)
  return fresh
}
