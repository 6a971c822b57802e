import type { ServerField } from './api/types'

/** What each step of a ticket asks for, what it lacks, and the body it sends. Pure, so that it can be tested without a page. */

export type FieldKind = 'unit' | 'units' | 'text' | 'line' | 'days' | 'yes_no' | 'pick' | 'moment' | 'checks'
export interface Field { name: string; kind: FieldKind; /** Key of our own word, or the server's word itself where `said`. */ label: string; said?: boolean; choices?: readonly { value: string; label: string }[]; hint?: string; optional?: boolean; min?: number; options?: readonly string[]; words?: string; when?: (v: Values) => boolean }
export type Values = Record<string, unknown>
export interface Form { fields: readonly Field[]; body: (v: Values) => Values; start?: Values; danger?: boolean }

export const CHECKS = ['answered', 'basis', 'contacted', 'evidence', 'plan', 'tone'] as const
export type Check = (typeof CHECKS)[number]

const text = (v: unknown) => String(v ?? '').trim()
const some = (v: unknown) => (text(v) === '' ? undefined : text(v))
const only = (body: Values): Values => Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
const reasonForm = (label: string, optional = false): Form => ({
  fields: [{ name: 'reason', kind: 'text', label, optional, min: optional ? 0 : 2 }],
  body: v => only({ reason: some(v.reason) }),
})
const reached = (v: Values) => v.reached === true

export const FORMS: Record<string, Form> = {
  dispatch: {
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
  decide_return: {
    start: { approve: null },
    fields: [
      { name: 'approve', kind: 'yes_no', label: 'approve', options: ['agree', 'refuse'] },
      { name: 'unit_id', kind: 'unit', label: 'redispatch_to', optional: true, when: v => v.approve === true },
      { name: 'reason', kind: 'text', label: 'reason', min: 2 },
    ],
    body: v => only({ approve: v.approve, unit_id: v.approve === true ? v.unit_id || undefined : undefined, reason: some(v.reason) }),
  },
  reply: {
    start: { contacted: null, how: 'phone', solved: null, contacted_at: null },
    fields: [
      { name: 'finding', kind: 'text', label: 'finding', hint: 'finding_hint', min: 5 },
      { name: 'result', kind: 'text', label: 'result', hint: 'result_hint', min: 5 },
      { name: 'basis', kind: 'line', label: 'basis', hint: 'basis_hint', optional: true },
      { name: 'contacted', kind: 'yes_no', label: 'contacted', options: ['contacted_yes', 'contacted_no'] },
      { name: 'contacted_at', kind: 'moment', label: 'contacted_at', when: v => v.contacted === true },
      { name: 'how', kind: 'pick', label: 'how', options: ['phone', 'visit', 'sms', 'wechat'], words: 'ticket.form.how_', when: v => v.contacted === true },
      { name: 'solved', kind: 'pick', label: 'solved', options: ['solved', 'partly', 'unsolved'], words: 'solved.' },
    ],
    body: v => ({
      text: [`调查情况：${text(v.finding)}`, `处理结果：${text(v.result)}`, text(v.basis) && `依据：${text(v.basis)}`].filter(Boolean).join('\n'),
      contacted: v.contacted === true,
      contacted_at: v.contacted === true && v.contacted_at ? new Date(v.contacted_at as string | number | Date).toISOString() : null,
      how: v.contacted === true ? v.how ?? null : null,
      solved: v.solved,
    }),
  },
  review: {
    start: { checks: [], pass: null },
    fields: [
      { name: 'checks', kind: 'checks', label: 'checklist', optional: true },
      { name: 'pass', kind: 'yes_no', label: 'pass', options: ['passed', 'sent_back'] },
      { name: 'missing', kind: 'text', label: 'missing', min: 5, when: v => v.pass === false },
    ],
    body: v => ({ pass: v.pass === true, missing: v.pass === false ? text(v.missing) : null }),
  },
  ask_extension: {
    start: { days: 3 },
    fields: [{ name: 'days', kind: 'days', label: 'days' }, { name: 'reason', kind: 'text', label: 'reason', min: 5 }],
    body: v => ({ days: Number(v.days), reason: text(v.reason) }),
  },
  decide_extension: {
    start: { approve: null },
    fields: [{ name: 'approve', kind: 'yes_no', label: 'approve', options: ['agree', 'refuse'] }, { name: 'reason', kind: 'text', label: 'reason', min: 2 }],
    body: v => only({ approve: v.approve, reason: some(v.reason) }),
  },
  follow_up: {
    start: { reached: null, contacted: null, solved: null, satisfaction: null, not_true: false },
    fields: [
      { name: 'reached', kind: 'yes_no', label: 'reached', options: ['reached_yes', 'reached_no'] },
      { name: 'contacted', kind: 'yes_no', label: 'follow_contacted', when: reached },
      { name: 'solved', kind: 'pick', label: 'follow_solved', options: ['solved', 'partly', 'unsolved'], words: 'solved.', when: reached },
      { name: 'satisfaction', kind: 'pick', label: 'follow_satisfied', options: ['very_satisfied', 'satisfied', 'fairly', 'dissatisfied', 'very_dissatisfied', 'declined'], words: 'satisfaction.', when: reached },
      { name: 'words', kind: 'text', label: 'words', hint: 'words_hint', optional: true, when: reached },
      { name: 'not_true', kind: 'yes_no', label: 'not_true', when: v => reached(v) && v.solved !== 'solved' },
    ],
    body: v => reached(v)
      ? { reached: true, contacted: v.contacted, solved: v.solved, satisfaction: v.satisfaction, words: text(v.words), not_true: v.solved !== 'solved' && v.not_true === true }
      : { reached: false, contacted: null, solved: null, satisfaction: null, words: '', not_true: false },
  },
  urge: reasonForm('reason'),
  rework: reasonForm('reason'),
  close: reasonForm('reason'),
  cancel: { ...reasonForm('reason'), danger: true },
}

const KINDS: Record<ServerField['kind'], FieldKind> = { text: 'line', long_text: 'text', unit: 'unit', units: 'units', bool: 'yes_no', number: 'days', time: 'moment', choice: 'pick' }

/** A step without a form of our own is asked as the server describes it. */
function described(fields: readonly ServerField[]): Form {
  return {
    start: Object.fromEntries(fields.map(field => [field.name, field.kind === 'number' ? 1 : null])),
    fields: fields.map(field => ({ name: field.name, kind: KINDS[field.kind] ?? 'line', label: field.label, said: true, optional: !field.required, choices: field.options })),
    body: v => only(Object.fromEntries(fields.map(field => {
      const value = v[field.name]
      if (field.kind === 'time') return [field.name, value ? new Date(value as string | number | Date).toISOString() : undefined]
      return [field.name, typeof value === 'string' ? some(value) : value ?? undefined]
    }))),
  }
}

export const formOf = (action: string, fields: readonly ServerField[] = []): Form => FORMS[action] ?? described(fields)

export const shownFields = (form: Form, v: Values) => form.fields.filter(field => field.when?.(v) ?? true)

/** The first field that still lacks its answer, or null when the form can be sent. */
export function lacking(action: string, v: Values, fields: readonly ServerField[] = []): Field | null {
  const form = formOf(action, fields)
  for (const field of shownFields(form, v)) {
    const value = v[field.name]
    if (field.kind === 'text' || field.kind === 'line') {
      const length = [...text(value)].length
      if (length < (field.min ?? (field.optional ? 0 : 1)) && !(field.optional && length === 0)) return field
    } else if (!field.optional && (value === null || value === undefined || value === '')) return field
  }
  if (action === 'review' && v.pass === true && (v.checks as Check[]).length < CHECKS.length) return form.fields[0]!
  return null
}

export const bodyOf = (action: string, v: Values, fields: readonly ServerField[] = []): Values => ({ action, ...formOf(action, fields).body(v) })
