import { describe, expect, it } from 'vitest'
import type { ServerField } from './api/types'
import { CHECKS, FORMS, bodyOf, day, lacking, shownFields, type Values } from './ticket-forms'

const server = (names: string): ServerField[] => names.split(' ').map(name => ({ name, label: name, kind: 'text', required: false, options: [] }))
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
    const asked = server('text contacted contacted_at how solved')
    const v = began('reply', { finding: '上门测温 14 度', result: '已更换循环泵，今晚恢复' })
    expect(lacking('reply', v, asked)?.name).toBe('contacted')
    expect(lacking('reply', { ...v, contacted: false }, asked)?.name).toBe('solved')
    expect(lacking('reply', { ...v, contacted: true, solved: 'solved' }, asked)?.name).toBe('contacted_at')
    const sent = bodyOf('reply', { ...v, contacted: true, contacted_at: '2026-11-24T01:00:00Z', solved: 'solved' }, asked)
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
    expect(lacking('review', began('review', { pass: false }), server('pass missing'))?.name).toBe('missing')
    expect(bodyOf('review', began('review', { pass: false, missing: ' 请写明恢复时间 ' }), server('pass missing'))).toEqual({ action: 'review', pass: false, missing: '请写明恢复时间' })
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
    const fields: ServerField[] = [{ name: 'path', label: '法定途径', kind: 'text', required: true, options: [] }, { name: 'reason', label: '理由', kind: 'long_text', required: false, options: [] }]
    expect(lacking('not_accept', {}, fields)?.label).toBe('法定途径')
    expect(bodyOf('not_accept', { path: ' 行政复议 ', reason: '' }, fields)).toEqual({ action: 'not_accept', path: '行政复议' })
  })
  it('a review names the points that are met and the codes of what is not, where the server asks for them', () => {
    const asked = server('pass missing checklist codes')
    const v = began('review', { pass: false, missing: '请附测温记录', checks: ['answered', 'plan'] })
    expect(lacking('review', v, asked)?.name).toBe('codes')
    expect(bodyOf('review', { ...v, codes: ['R05'] }, asked)).toMatchObject({ codes: ['R05'], checklist: { answered: true, result: true, evidence: false } })
  })
  it('nothing is sent that the server does not know', () => {
    const v = began('reply', { finding: '上门测温 14 度', result: '已恢复供热', contacted: false, solved: 'solved', facts: 'true', basis: '供热条例' })
    expect(Object.keys(bodyOf('reply', v, server('text contacted contacted_at how solved'))).sort()).toEqual(['action', 'contacted', 'contacted_at', 'how', 'solved', 'text'])
    expect(bodyOf('reply', v, server('text solved facts basis'))).toMatchObject({ facts: 'true', basis: '供热条例' })
  })
  it('a field that the server adds to a known step is asked too, and an id is chosen, never typed', () => {
    const asked: ServerField[] = [...server('unit_id assisting reason'), { name: 'call_id', label: '通话', kind: 'text', required: true, options: [] }]
    expect(lacking('dispatch', { unit_id: 'a' }, asked)).toMatchObject({ name: 'call_id', kind: 'call', label: '通话' })
    expect(bodyOf('dispatch', { unit_id: 'a', call_id: 'c' }, asked)).toMatchObject({ call_id: 'c', unit_id: 'a' })
  })
  it('what the server requires is required, whatever our form thinks', () => {
    const asked: ServerField[] = [{ name: 'unit_id', label: '', kind: 'unit', required: true, options: [] }, { name: 'reason', label: '', kind: 'text', required: true, options: [] }]
    expect(lacking('dispatch', { unit_id: 'a' }, asked)?.name).toBe('reason')
  })
  it('a day is the day at the hotline, whatever the browser’s zone', () => {
    expect(day('2026-12-01T20:00:00Z')).toBe('2026-12-02')
    const asked: ServerField[] = [{ name: 'until', label: '挂账至', kind: 'date', required: true, options: [] }]
    expect(bodyOf('ask_suspension', { until: '2026-12-01T16:00:00Z' }, asked)).toEqual({ action: 'ask_suspension', until: '2026-12-02' })
  })
})
