import type { Form, Values } from './ticket-forms'

/** How the known steps look: their order, hints, and what depends on what. */

export const CHECKS = ['answered', 'basis', 'contacted', 'evidence', 'plan', 'tone'] as const
export type Check = (typeof CHECKS)[number]
/** Coded reasons of a reply sent back. */
export const CODES = ['R01', 'R02', 'R03', 'R04', 'R05', 'R06', 'R07', 'R08', 'R09', 'R10'] as const

const text = (v: unknown) => String(v ?? '').trim()
const some = (v: unknown) => (text(v) === '' ? undefined : text(v))
const only = (body: Values): Values => Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
const moment = (v: unknown) => (v ? new Date(v as string | number | Date).toISOString() : null)
const day = (v: unknown) => (v ? new Date(new Date(v as string | number | Date).getTime() + 8 * 3_600_000).toISOString().slice(0, 10) : null)
const reasonForm = (label: string, optional = false): Form => ({
  fields: [{ name: 'reason', kind: 'text', label, optional, min: optional ? 0 : 2 }],
  body: v => only({ reason: some(v.reason) }),
})
/** A decision: yes or no, and why. */
const decision = (more: Form['fields'] = [], body: (v: Values) => Values = () => ({})): Form => ({
  start: { approve: null },
  fields: [{ name: 'approve', kind: 'yes_no', label: 'approve', options: ['agree', 'refuse'] }, ...more, { name: 'reason', kind: 'text', label: 'opinion', min: 2 }],
  body: v => only({ approve: v.approve, ...body(v), reason: some(v.reason) }),
})
const reached = (v: Values) => v.reached === true
const approved = (v: Values) => v.approve === true
const sentBack = (v: Values) => v.pass === false

export const FORMS: Record<string, Form> = {
  dispatch: {
    start: { assisting: [] },
    fields: [
      { name: 'unit_id', kind: 'unit', label: 'unit', hint: 'unit_hint' },
      { name: 'assisting', kind: 'units', label: 'assisting', hint: 'assisting_hint', optional: true },
      { name: 'reason', kind: 'line', label: 'note', optional: true },
    ],
    body: v => only({ unit_id: v.unit_id, assisting: (v.assisting as string[] | undefined)?.filter(id => id !== v.unit_id) ?? [], reason: some(v.reason) }),
  },
  sign: { fields: [], body: () => ({}) },
  return: {
    fields: [{ name: 'reason', kind: 'text', label: 'reason_return', min: 5 }, { name: 'unit_id', kind: 'unit', label: 'right_unit', optional: true }],
    body: v => only({ reason: some(v.reason), unit_id: v.unit_id || undefined }),
  },
  decide_return: decision([{ name: 'unit_id', kind: 'unit', label: 'redispatch_to', optional: true, when: approved }], v => ({ unit_id: approved(v) ? v.unit_id || undefined : undefined })),
  reply: {
    start: { contacted: null, how: 'phone', solved: null, contacted_at: null, facts: null, attachments: [], plan_date: null },
    fields: [
      { name: 'finding', kind: 'text', label: 'finding', hint: 'finding_hint', min: 5, feeds: ['text'] },
      { name: 'result', kind: 'text', label: 'result', hint: 'result_hint', min: 5, feeds: ['text'] },
      { name: 'facts', kind: 'pick', label: 'facts', options: ['true', 'partly', 'untrue', 'none'], words: 'facts.' },
      { name: 'basis', kind: 'line', label: 'basis', hint: 'basis_hint', optional: true, feeds: ['basis', 'text'] },
      { name: 'contacted', kind: 'yes_no', label: 'contacted', options: ['contacted_yes', 'contacted_no'] },
      { name: 'contacted_at', kind: 'moment', label: 'contacted_at', only: 'past', when: v => v.contacted === true },
      { name: 'how', kind: 'pick', label: 'how', options: ['phone', 'visit', 'sms', 'wechat'], words: 'contact_how.', when: v => v.contacted === true },
      { name: 'solved', kind: 'pick', label: 'solved', options: ['solved', 'partly', 'unsolved'], words: 'solved.' },
      { name: 'plan_date', kind: 'day', label: 'plan_date', only: 'future', optional: true, when: v => v.solved === 'partly' || v.solved === 'unsolved' },
      { name: 'attachments', kind: 'attachments', label: 'attachments', hint: 'attachments_hint', optional: true },
      { name: 'public_text', kind: 'text', label: 'public_text', hint: 'public_text_hint', optional: true },
    ],
    body: v => only({
      text: [`调查情况：${text(v.finding)}`, `处理结果：${text(v.result)}`, text(v.basis) && `依据：${text(v.basis)}`].filter(Boolean).join('\n'),
      contacted: v.contacted === true,
      contacted_at: v.contacted === true ? moment(v.contacted_at) : null,
      how: v.contacted === true ? v.how ?? null : null,
      solved: v.solved, facts: v.facts ?? undefined, basis: some(v.basis), public_text: some(v.public_text),
      plan_date: v.solved === 'partly' || v.solved === 'unsolved' ? day(v.plan_date) ?? undefined : undefined,
      attachments: (v.attachments as string[] | undefined)?.length ? v.attachments : undefined,
    }),
  },
  approve: decision([{ name: 'missing', kind: 'text', label: 'missing', optional: true, when: v => v.approve === false }], v => ({ missing: v.approve === false ? some(v.missing) ?? some(v.reason) : undefined })),
  review: {
    start: { checks: [], pass: null, codes: [] },
    fields: [
      { name: 'checks', kind: 'checks', label: 'checklist', optional: true, feeds: ['checklist', 'pass'] },
      { name: 'pass', kind: 'yes_no', label: 'pass', options: ['passed', 'sent_back'] },
      { name: 'codes', kind: 'picks', label: 'codes', options: CODES, words: 'code.', when: sentBack },
      { name: 'missing', kind: 'text', label: 'missing', min: 5, when: sentBack },
    ],
    body: v => only({
      pass: v.pass === true, missing: sentBack(v) ? text(v.missing) : null, codes: sentBack(v) ? v.codes ?? [] : undefined,
      checklist: Object.fromEntries(CHECKS.map(check => [check === 'plan' ? 'result' : check, (v.checks as string[] | undefined)?.includes(check) ?? false])),
      reason: some(v.reason),
    }),
  },
  ask_extension: {
    start: { days: 3 },
    fields: [{ name: 'days', kind: 'number', label: 'days', max: 15 }, { name: 'reason', kind: 'text', label: 'reason', min: 5 }],
    body: v => ({ days: Number(v.days), reason: text(v.reason) }),
  },
  decide_extension: decision(),
  follow_up: {
    start: { reached: null, contacted: null, solved: null, satisfaction: null, not_true: false },
    fields: [
      { name: 'reached', kind: 'yes_no', label: 'reached', options: ['reached_yes', 'reached_no'] },
      { name: 'contacted', kind: 'yes_no', label: 'follow_contacted', when: reached },
      { name: 'solved', kind: 'pick', label: 'follow_solved', options: ['solved', 'partly', 'unsolved'], words: 'solved.', when: reached },
      { name: 'satisfaction', kind: 'pick', label: 'follow_satisfied', options: ['very_satisfied', 'satisfied', 'fairly', 'dissatisfied', 'very_dissatisfied', 'declined'], words: 'satisfaction.', when: reached },
      { name: 'words', kind: 'text', label: 'words', hint: 'words_hint', optional: true, when: reached },
      { name: 'not_true', kind: 'yes_no', label: 'not_true', optional: true, when: v => reached(v) && v.solved !== 'solved' },
    ],
    body: v => reached(v)
      ? { reached: true, contacted: v.contacted, solved: v.solved, satisfaction: v.satisfaction, words: text(v.words), not_true: v.solved !== 'solved' && v.not_true === true }
      : { reached: false, contacted: null, solved: null, satisfaction: null, words: '', not_true: false },
  },
  arbitrate: {
    start: { assisting: [] },
    fields: [{ name: 'unit_id', kind: 'unit', label: 'bind_unit', hint: 'unit_hint' }, { name: 'assisting', kind: 'units', label: 'assisting', hint: 'assisting_hint', optional: true }, { name: 'reason', kind: 'text', label: 'opinion', min: 5 }],
    body: v => only({ unit_id: v.unit_id, assisting: (v.assisting as string[] | undefined)?.filter(id => id !== v.unit_id) ?? [], reason: some(v.reason) }),
  },
  reassign: {
    start: { assisting: [] },
    fields: [{ name: 'unit_id', kind: 'unit', label: 'redispatch_to', hint: 'unit_hint' }, { name: 'assisting', kind: 'units', label: 'assisting', hint: 'assisting_hint', optional: true }, { name: 'reason', kind: 'text', label: 'reason', min: 2 }],
    body: v => only({ unit_id: v.unit_id, assisting: (v.assisting as string[] | undefined)?.filter(id => id !== v.unit_id) ?? [], reason: some(v.reason) }),
  },
  merge: {
    fields: [{ name: 'parent_id', kind: 'ticket', label: 'parent' }, { name: 'reason', kind: 'line', label: 'reason', min: 2 }],
    body: v => only({ parent_id: v.parent_id, reason: some(v.reason) }),
  },
  urge: reasonForm('reason'),
  rework: reasonForm('reason'),
  close: reasonForm('reason'),
  cancel: { ...reasonForm('reason'), danger: true },
}
