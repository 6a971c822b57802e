import { describe, expect, it } from 'vitest'
import type { ServerField } from './api/types'
import { CHECKS, FORMS, bodyOf, lacking, shownFields, type Values } from './ticket-forms'

const began = (action: string, more: Values = {}): Values => ({ ...FORMS[action]!.start, ...more })

describe('the forms of a ticket’s steps', () => {
  it('dispatch needs a lead unit and never sends it a second time as assisting', () => {
    expect(lacking('dispatch', {})?.name).toBe('unit_id')
    expect(bodyOf('dispatch', { unit_id: 'a', assisting: ['a', 'b'] })).toEqual({ action: 'dispatch', unit_id: 'a', assisting: ['b'] })
  })
  it('a signature needs nothing but a click', () => {
    expect(lacking('sign', {})).toBeNull()
    expect(bodyOf('sign', {})).toEqual({ action: 'sign' })
  })
  it('a reply needs findings, result, whether the citizen was contacted, and how it stands', () => {
    const v = began('reply', { finding: '上门测温 14 度', result: '已更换循环泵，今晚恢复' })
    expect(lacking('reply', v)?.name).toBe('contacted')
    expect(lacking('reply', { ...v, contacted: false })?.name).toBe('solved')
    expect(lacking('reply', { ...v, contacted: true, solved: 'solved' })?.name).toBe('contacted_at')
    const sent = bodyOf('reply', { ...v, contacted: true, contacted_at: '2026-11-24T01:00:00Z', solved: 'solved' })
    expect(sent).toMatchObject({ contacted: true, contacted_at: '2026-11-24T01:00:00.000Z', how: 'phone', solved: 'solved' })
    expect(sent.text).toBe('调查情况：上门测温 14 度\n处理结果：已更换循环泵，今晚恢复')
  })
  it('a reply without contact claims no time and no way of contact', () => {
    expect(bodyOf('reply', began('reply', { contacted: false, contacted_at: 1, solved: 'partly' }))).toMatchObject({ contacted: false, contacted_at: null, how: null })
  })
  it('a review passes only with every point checked', () => {
    expect(lacking('review', began('review', { pass: true, checks: ['answered'] }))?.name).toBe('checks')
    expect(lacking('review', began('review', { pass: true, checks: [...CHECKS] }))).toBeNull()
  })
  it('a review sent back says what is missing', () => {
    expect(lacking('review', began('review', { pass: false }))?.name).toBe('missing')
    expect(bodyOf('review', began('review', { pass: false, missing: ' 请写明恢复时间 ' }))).toEqual({ action: 'review', pass: false, missing: '请写明恢复时间' })
  })
  it('a follow-up that reached nobody rates nothing', () => {
    const v = began('follow_up', { reached: false, satisfaction: 'very_satisfied', solved: 'solved' })
    expect(lacking('follow_up', v)).toBeNull()
    expect(bodyOf('follow_up', v)).toMatchObject({ reached: false, satisfaction: null, solved: null, contacted: null })
  })
  it('a follow-up asks for untruth only when the matter is not solved', () => {
    const names = (v: Values) => shownFields(FORMS.follow_up!, v).map(field => field.name)
    expect(names(began('follow_up', { reached: true, solved: 'solved' }))).not.toContain('not_true')
    expect(names(began('follow_up', { reached: true, solved: 'unsolved' }))).toContain('not_true')
    expect(bodyOf('follow_up', began('follow_up', { reached: true, contacted: true, solved: 'solved', satisfaction: 'satisfied', not_true: true }))).toMatchObject({ not_true: false })
  })
  it('a refused return names no other unit', () => {
    expect(bodyOf('decide_return', { approve: false, unit_id: 'b', reason: '属你单位职责' })).toEqual({ action: 'decide_return', approve: false, reason: '属你单位职责' })
  })
  it('a step without a form of its own is asked as the server describes it', () => {
    const fields: ServerField[] = [{ name: 'path', label: '法定途径', kind: 'text', required: true }, { name: 'reason', label: '理由', kind: 'long_text', required: false }]
    expect(lacking('not_accept', {}, fields)?.label).toBe('法定途径')
    expect(bodyOf('not_accept', { path: ' 行政复议 ', reason: '' }, fields)).toEqual({ action: 'not_accept', path: '行政复议' })
  })
})
