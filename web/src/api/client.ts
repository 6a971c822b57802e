import { ask, get, post } from './http'
import type {
  Attachment, CallDetail, CallRow, Callback, Category, Desk, Fixture, Floor, Knowledge, LookupResult, Me, NewTicket, Page,
  BulkJob, Person, PhoneAccount, Place, PresenceState, Purpose, SavedFilter, Schema, Segment, Ticket, TicketDraft, TicketRow, Unit, WorkCounts,
} from './types'

/** What a list of tickets is narrowed down to; states and flags are words separated by commas. */
export type TicketFilter = Schema['TicketSearch']
export type TicketNarrow = Omit<TicketFilter, 'cursor' | 'limit' | 'counts'>
export interface CallFilter { agent?: 'me' | 'all'; q?: string; from?: string; to?: string; cursor?: string | null; limit?: number }

export const session = {
  login: async (name: string, password: string, code?: string) => (await ask<Me>('/login', { method: 'POST', body: code ? { name, password, code } : { name, password }, anonymous: true })).data,
  logout: () => ask<void>('/logout', { method: 'POST', anonymous: true }),
  me: async () => (await ask<Me>('/me', { anonymous: true })).data,
  password: (old: string, fresh: string) => ask<void>('/me/password', { method: 'POST', body: { old, new: fresh }, anonymous: true }),
  invitation: (token: string, password: string) => ask<void>('/invitation', { method: 'POST', body: { token, password }, anonymous: true }),
}

export const org = {
  units: async () => (await get<Page<Unit>>('/units')).items,
  places: async (q: string, signal?: AbortSignal) => (await get<Page<Place>>('/places', { q }, signal)).items,
  categories: async () => (await get<Page<Category>>('/categories')).items,
  /** Districts and counties: what the catalogue may tell apart. */
  districts: async () => (await Promise.all(['区', '县', '市'].map(q => get<Page<Place>>('/places', { q })))).flatMap(page => page.items).filter((place, n, all) => ['区', '县', '市'].includes(place.kind) && place.path.split(' ').length <= 2 && all.findIndex(other => other.id === place.id) === n),
  candidates: async (category: string, place: string | null) => (await get<Schema['CatalogueCandidates']>('/catalogue/candidates', { category_id: category, place_id: place })).unit_ids,
  knowledge: async (q: string, signal?: AbortSignal) => (await get<Page<Knowledge>>('/knowledge', { q }, signal)).items,
}

export const people = {
  list: (q: string, cursor?: string | null) => get<Page<Person>>('/people', { q, cursor }),
  add: (person: Schema['NewPerson']) => post<Schema['Added']>('/people', person),
  change: async (id: string, version: number, change: Schema['PersonChange']) =>
    (await ask<Person>(`/people/${id}`, { method: 'PATCH', ifMatch: `"${version}"`, body: change })).data,
  resetPassword: (id: string) => post<Schema['OncePassword']>(`/people/${id}/password-reset`),
}

export const desk = {
  get: () => get<Desk>('/desk'),
  presence: (to: Extract<PresenceState, 'ready' | 'not_ready' | 'signed_out'>, why?: string) => post<Desk>('/desk/presence', why ? { to, why } : { to }),
  hangUp: () => post<void>('/desk/hang-up'),
  account: () => get<PhoneAccount>('/phone/account'),
  callbacks: () => get<Page<Callback>>('/callbacks'),
  callBack: (id: string) => post<void>(`/callbacks/${id}/call`),
  fixtures: async () => (await get<Page<Fixture>>('/demo/fixtures')).items,
  demoRing: (fixture: string) => post<void>('/demo/ring', { fixture }),
}

/** A draft as it is kept: the ticket's fields, and what the form needs to be as it was. */
export interface KeptDraft extends TicketDraft { secrecy_asked?: boolean; cited?: Knowledge | null }
export type GivenOutcome = Schema['Given']
export const calls = {
  list: (filter: CallFilter) => get<Page<CallRow>>('/calls', filter),
  get: (id: string) => get<CallDetail>(`/calls/${id}`),
  transcript: async (id: string) => (await get<Page<Segment>>(`/calls/${id}/transcript`)).items,
  history: (id: string) => get<Schema['Past']>(`/calls/${id}/history`),
  recording: (id: string) => `/api/v1/calls/${id}/recording`,
  draft: (id: string) => get<KeptDraft | null>(`/calls/${id}/draft`),
  saveDraft: (id: string, draft: KeptDraft, keepalive = false) => ask<void>(`/calls/${id}/draft`, { method: 'PUT', body: draft, keepalive }),
  outcome: (id: string, outcome: GivenOutcome) => post<void>(`/calls/${id}/outcome`, outcome),
}

export const tickets = {
  list: (filter: TicketFilter) => get<Page<TicketRow>>('/tickets', filter),
  get: (id: string) => ask<Ticket>(`/tickets/${id}`),
  create: (ticket: NewTicket) => post<Ticket>('/tickets', ticket),
  act: (id: string, etag: string, action: Record<string, unknown>) => ask<Ticket>(`/tickets/${id}/actions`, { method: 'POST', ifMatch: etag, body: action }),
  add: (id: string, text: string, callId: string | null) => post<unknown>(`/tickets/${id}/additions`, { text, call_id: callId }),
  attach: async (id: string, file: File, purpose: Purpose) => {
    const form = new FormData()
    form.set('purpose', purpose)
    form.set('file', file)
    return (await ask<Attachment>(`/tickets/${id}/attachments`, { method: 'POST', form })).data
  },
  file: (id: string) => `/api/v1/attachments/${id}`,
  callCitizen: (id: string, purpose: Schema['WhatFor']['purpose']) => post<Schema['CallBegun']>(`/tickets/${id}/call-citizen`, { purpose }),
  contact: (id: string, reason: string) => post<Schema['Contact']>(`/tickets/${id}/contact`, { reason }),
}

export const work = {
  counts: () => get<WorkCounts>('/work-counts'),
  filters: async () => (await get<Page<SavedFilter>>('/filters')).items.filter(one => one.list === 'tickets'),
  keepFilter: (name: string, filter: TicketNarrow) => post<SavedFilter>('/filters', { list: 'tickets', name, query: filter }),
  dropFilter: (id: string) => ask<void>(`/filters/${id}`, { method: 'DELETE' }),
  preview: (action: Record<string, unknown>, ids: string[]) => post<Schema['Previews']>('/bulk/preview', { ...bulkBody(action), ids }),
  bulk: (action: Record<string, unknown>, ids: string[]) => post<Schema['Begun']>('/bulk', { ...bulkBody(action), ids }),
  job: (id: string) => get<BulkJob>(`/bulk/${id}`),
}
const bulkBody = ({ action, ...fields }: Record<string, unknown>) => ({ action, fields })

export const floor = { get: () => get<Floor>('/floor') }
export const lookup = async (number: string, code: string) =>
  (await ask<LookupResult>('/public/lookup', { method: 'POST', body: { number, code }, anonymous: true })).data
