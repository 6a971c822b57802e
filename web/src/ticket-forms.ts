import type { ServerField } from './api/types'
import { FORMS } from './ticket-form-list'

/** What each step of a ticket asks for, what it lacks, and the body it sends. Pure, so that it can be tested without a page.
 * The server says which fields a step has; `FORMS` says how the known ones look. Nothing is sent that the server did not ask for. */

export type FieldKind = 'unit' | 'units' | 'text' | 'line' | 'number' | 'yes_no' | 'pick' | 'picks' | 'moment' | 'day' | 'checks' | 'ticket' | 'attachments' | 'attachment' | 'call' | 'leg' | 'category' | 'place'
export interface Field {
  name: string; kind: FieldKind
  /** Key of our own word, or the server's word itself where `said`. */
  label: string; said?: boolean; choices?: readonly { value: string; label: string }[]; hint?: string; optional?: boolean; min?: number; max?: number
  options?: readonly string[]; words?: string; when?: (v: Values) => boolean
  /** Which fields of the server it fills; its own name where nothing is said. */
  feeds?: readonly string[]
  /** Only days to come, only days gone by. */
  only?: 'future' | 'past'
}
export type Values = Record<string, unknown>
export interface Form { fields: readonly Field[]; body: (v: Values) => Values; start?: Values; danger?: boolean }

export { CHECKS, CODES, FORMS, type Check } from './ticket-form-list'

const text = (v: unknown) => String(v ?? '').trim()
const some = (v: unknown) => (text(v) === '' ? undefined : text(v))
export const only = (body: Values): Values => Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
export const moment = (v: unknown) => (v ? new Date(v as string | number | Date).toISOString() : undefined)
/** A day as the server writes it, as it is at the hotline. */
export const day = (v: unknown) => (v ? new Date(new Date(v as string | number | Date).getTime() + 8 * 3_600_000).toISOString().slice(0, 10) : undefined)

const KINDS: Record<ServerField['kind'], FieldKind> = {
  text: 'line', long_text: 'text', unit: 'unit', units: 'units', bool: 'yes_no', number: 'number', time: 'moment', date: 'day', choice: 'pick', choices: 'picks', ticket: 'ticket', attachments: 'attachments', call: 'call', leg: 'leg', category: 'category', place: 'place', checklist: 'checks',
}
/** What a field is may show in its name only: an id is chosen, never typed. */
const BY_NAME: Record<string, Partial<Field>> = {
  call_id: { kind: 'call' }, leg_id: { kind: 'leg' }, attachment_id: { kind: 'attachment' }, parent_id: { kind: 'ticket' }, category_id: { kind: 'category' }, place_id: { kind: 'place' }, attachments: { kind: 'attachments' },
  approve: { options: ['agree', 'refuse'] }, reached: { options: ['reached_yes', 'reached_no'] }, until: { only: 'future' }, review_at: { only: 'future' }, plan_date: { only: 'future' }, at: { only: 'past' }, how: { kind: 'pick', options: ['phone', 'visit', 'sms', 'wechat'], words: 'contact_how.' }, contacted_at: { only: 'past' },
}

/** A step or a field without a form of our own is asked as the server describes it. */
export function described(fields: readonly ServerField[]): Form {
  const asked = fields.map((field): Field => {
    const known = BY_NAME[field.name] ?? {}
    const kind = field.options.length ? KINDS[field.kind] ?? 'pick' : known.kind ?? KINDS[field.kind] ?? 'line'
    const written = field.required && ['text', 'line'].includes(kind)
    return { ...known, name: field.name, kind, label: field.label, said: true, optional: !field.required, choices: field.options.length ? field.options : undefined, ...(written && field.name === 'reason' ? { min: 2 } : {}) }
  })
  return {
    start: Object.fromEntries(asked.map(field => [field.name, field.kind === 'number' ? (field.optional ? null : 1) : ['units', 'picks', 'attachments'].includes(field.kind) ? [] : null])),
    fields: asked,
    body: v => only(Object.fromEntries(asked.map(field => {
      const value = v[field.name]
      if (field.kind === 'moment') return [field.name, moment(value)]
      if (field.kind === 'day') return [field.name, day(value)]
      if (Array.isArray(value) && field.optional && value.length === 0) return [field.name, undefined]
      return [field.name, typeof value === 'string' ? some(value) : value ?? undefined]
    }))),
  }
}

export function formOf(action: string, server: readonly ServerField[] = []): Form {
  const own = FORMS[action]
  if (!own) return described(server)
  if (server.length === 0) return own
  const byName = new Map(server.map(field => [field.name, field]))
  const fed = (field: Field) => field.feeds ?? [field.name]
  const covered = new Set(own.fields.flatMap(fed))
  const rest = described(server.filter(field => !covered.has(field.name)))
  const fields = own.fields.filter(field => fed(field).some(name => byName.has(name))).map((field): Field => {
    const asked = byName.get(field.name)
    const choices = asked?.options.length && !field.words ? asked.options : field.choices
    return { ...field, choices, optional: field.optional && !asked?.required }
  })
  return { ...own, fields: [...fields, ...rest.fields], start: { ...rest.start, ...own.start }, body: v => Object.fromEntries(Object.entries({ ...rest.body(v), ...own.body(v) }).filter(([name]) => byName.has(name))) }
}

export const shownFields = (form: Form, v: Values) => form.fields.filter(field => field.when?.(v) ?? true)

const empty = (value: unknown) => value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)

/** The first field that still lacks its answer, or null when the form can be sent. */
export function lacking(action: string, v: Values, fields: readonly ServerField[] = []): Field | null {
  const form = formOf(action, fields)
  for (const field of shownFields(form, v)) {
    const value = v[field.name]
    if (field.kind === 'text' || field.kind === 'line') {
      const length = [...text(value)].length
      if (length < (field.min ?? (field.optional ? 0 : 1)) && !(field.optional && length === 0)) return field
    } else if (!field.optional && empty(value)) return field
  }
  if (action === 'review' && v.pass === true && (v.checks as string[]).length < 6) return form.fields.find(field => field.name === 'checks') ?? null
  return null
}

export const bodyOf = (action: string, v: Values, fields: readonly ServerField[] = []): Values => ({ action, ...formOf(action, fields).body(v) })
