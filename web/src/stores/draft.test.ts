import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import type { DeskCall } from '@/api/types'
import { useDraft } from './draft'

const call = (id: string): DeskCall => ({
  id, direction: 'in', hotline: { number: '12345', name: '' }, dialled: '12345', caller_number: '13800000001', caller_place: null, withheld: false, phase: 'talking',
  started_at: '', answered_at: null, ended_at: null, waited_secs: 1, reason_for_me: '', outcome_needed: true, ticket_id: null, purpose: null,
})
let asked: { method: string; path: string; body: Record<string, unknown> | null }[]
let kept: object | null
const reply = (body: unknown, status = 200) => new Response(body === undefined ? null : JSON.stringify(body), { status })

beforeEach(() => {
  vi.useFakeTimers()
  setActivePinia(createPinia())
  sessionStorage.clear()
  asked = []
  kept = null
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    asked.push({ method: init.method ?? 'GET', path, body: init.body ? JSON.parse(init.body as string) as Record<string, unknown> : null })
    if (init.method === 'PUT') return Promise.resolve(reply(undefined, 204))
    if (init.method === 'POST') return Promise.resolve(reply({ id: 't1', number: 'SP20261124-0001-0' }, 201))
    return Promise.resolve(kept ? reply(kept) : reply({ code: 'not_found' }, 404))
  })
})
afterEach(() => { vi.useRealTimers(); vi.unstubAllGlobals() })

async function opened(id = 'c1') {
  const store = useDraft()
  await store.open(call(id))
  await vi.advanceTimersByTimeAsync(10)
  return store
}
const saves = () => asked.filter(a => a.method === 'PUT')

describe('the draft of a call', () => {
  it('starts with the caller’s number and saves nothing nobody wrote', async () => {
    const store = await opened()
    await vi.advanceTimersByTimeAsync(2000)
    expect(store.draft.contact_number).toBe('13800000001')
    expect(saves()).toHaveLength(0)
  })
  it('is what the server kept when the page comes back', async () => {
    kept = { title: '暖气不热', content: '三天' }
    const store = await opened()
    expect(store.draft.title).toBe('暖气不热')
    expect(saves()).toHaveLength(0)
  })
  it('is saved once, half a second after the last change', async () => {
    const store = await opened()
    for (const title of ['暖', '暖气', '暖气不热']) { store.draft.title = title; await nextTick(); await vi.advanceTimersByTimeAsync(200) }
    await vi.advanceTimersByTimeAsync(600)
    expect(saves().map(s => s.body!.title)).toEqual(['暖气不热'])
    expect(store.saving).toBe('saved')
  })
  it('is sent at once when the page goes away', async () => {
    const store = await opened()
    store.draft.title = '路灯'
    await nextTick()
    store.flush()
    expect(saves()).toHaveLength(1)
  })
  it('never leaks into the next call', async () => {
    const store = await opened()
    store.draft.title = '路灯'
    await nextTick()
    await opened('c2')
    expect(store.draft.title).toBe('')
    expect(saves().map(s => s.path)).toEqual(['/api/v1/calls/c1/draft'])
  })
  it('files with one and the same key however often it is submitted', async () => {
    const store = await opened()
    await store.submit()
    await store.submit()
    const keys = asked.filter(a => a.method === 'POST').map(a => a.body!.key)
    expect(keys).toHaveLength(2)
    expect(keys[0]).toBe(keys[1])
  })
})
