import { describe, expect, it } from 'vitest'
import type { HistoryItem } from './api/types'
import { said, stepName } from './history'

const event = (action: string, details: unknown, more: Partial<HistoryItem> = {}): HistoryItem =>
  ({ id: '1', at: '2026-11-24T00:00:00Z', actor_name: '赵敏', unit_name: null, action, action_label: '', reason: '', note: null, from: null, to: 'handling', details, ...more })
const units = (id: string) => ({ a: '市住建局', b: '四平热力公司' })[id] ?? null

describe('an event of the history', () => {
  it('names a review that did not pass as sent back', () => {
    expect(stepName(event('review', { pass: false, missing: '测温记录' }))).toBe('correction')
    expect(stepName(event('review', { pass: true }))).toBe('review')
  })
  it('says which units a ticket went to', () => {
    expect(said(event('dispatch', { unit_id: 'a', assisting: ['b'] }), units).facts).toBe('主办：市住建局 · 协办：四平热力公司')
  })
  it('gives a reply with how it stands', () => {
    expect(said(event('reply', { text: '已恢复', contacted: true, solved: 'partly' }), units)).toEqual({ facts: '联系过诉求人 · 部分解决', words: '已恢复' })
  })
  it('claims nothing of a citizen who was not reached', () => {
    expect(said(event('follow_up', { reached: false, contacted: null, solved: null, satisfaction: null, words: '' }), units).facts).toBe('未接通')
  })
  it('keeps reason and note when there are no details', () => {
    expect(said(event('urge', null, { reason: '老人急盼', note: '第二次' }), units)).toEqual({ facts: '', words: '老人急盼\n第二次' })
  })
})
