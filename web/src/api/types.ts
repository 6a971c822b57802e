/** The shapes of /api/v1, as the server documents them in openapi.json. Times are RFC 3339 UTC, ids UUID strings. */

export type Role = 'agent' | 'supervisor' | 'dispatcher' | 'reviewer' | 'follow_up' | 'oversight' | 'hub' | 'clerk' | 'leader' | 'administrator'
export const ROLES: readonly Role[] = ['agent', 'supervisor', 'dispatcher', 'reviewer', 'follow_up', 'oversight', 'hub', 'clerk', 'leader', 'administrator']
export type Level = 'city' | 'county' | 'township'

export interface Page<T> { items: T[]; next: string | null }

export interface Me {
  id: string; name: string; display_name: string; number: string; roles: Role[]
  unit: { id: string; name: string; level: Level } | null
  demo: boolean
}

export interface Unit { id: string; name: string; level: Level; kind: string; parent_id: string | null }
export interface Place { id: string; name: string; kind: string; path: string; parent_id?: string | null; aliases?: string[] }
export interface Category {
  id: string; name: string; parent_id: string | null; path: string; unit_id: string | null
  code?: string; candidate_ids?: string[]; kind?: Kind | null; sensitive?: boolean; knowledge_id?: string | null; form?: { name: string; label: string; required?: boolean }[]; version?: number; withdrawn?: boolean
}
export interface Knowledge { id: string; version: number | string; title: string; answer: string; issuer: string; valid_until: string | null }

export interface Person { id: string; name: string; display_name: string; number: string; roles: Role[]; unit: { id: string; name: string; level: Level } | null; disabled: boolean }

export type PresenceState = 'signed_out' | 'ready' | 'not_ready' | 'ringing' | 'talking' | 'wrap_up'
export interface DeskCall {
  id: string; direction: 'in' | 'out'; hotline: { number: string; name: string }; dialled: string
  caller_number: string | null; caller_place: string | null; withheld: boolean
  phase: 'ringing' | 'talking' | 'ended'
  started_at: string; answered_at: string | null; ended_at: string | null
  waited_secs: number; reason_for_me: string; outcome_needed: boolean
}
export interface Desk {
  presence: { state: PresenceState; why: string | null; since: string; until: string | null }
  phone: { registered: boolean; replaced: boolean }
  call: DeskCall | null
  today: { answered: number; avg_handle_secs: number | null }
  /** The call whose outcome is missing; it may be older than what the desk shows. */
  owes?: string | null
  queue: { waiting: number; longest_secs: number | null }
  speech: { state: 'ready' | 'no_model' | 'restarting'; model: string | null; what_to_do: string | null }
}
export interface PhoneAccount { uri: string; user: string; ws: string; codecs: string[] }

export type OutcomeKind = 'ticket' | 'addition' | 'progress_told' | 'direct_answer' | 'transferred' | 'guided_out' | 'silent' | 'wrong_number' | 'nuisance' | 'cut_off'
export const OUTCOMES: readonly OutcomeKind[] = ['ticket', 'addition', 'progress_told', 'direct_answer', 'transferred', 'guided_out', 'silent', 'wrong_number', 'nuisance', 'cut_off']

export interface CallRow {
  id: string; started_at: string; direction: 'in' | 'out'; hotline_number: string; hotline_name: string; caller_masked: string
  agent_name: string | null; answered_at: string | null; ended_at: string | null; wait_secs: number; talk_secs: number
  ending: string | null; outcome: OutcomeKind | null; ticket_id: string | null; ticket_number: string | null; recorded: boolean; rating: number | null; demo: boolean
}
export interface CallEvent { at: string; what: string; detail: unknown }
export interface CallDetail extends CallRow { events: CallEvent[] }

export type Track = 'citizen' | 'agent'
export interface Segment { index: number; track: Track; from_ms: number; to_ms: number; text: string; final: boolean; committed: number }

export interface Callback {
  id: string; caller_masked: string; hotline_name: string; missed_at: string; due_at: string
  attempts: { at: string; result: string }[]; state: 'open' | 'done'
}
export interface Fixture { name: string; title: string; seconds: number }

export type Kind = 'inquiry' | 'help' | 'complaint' | 'report' | 'suggestion' | 'praise'
export const KINDS: readonly Kind[] = ['inquiry', 'help', 'complaint', 'report', 'suggestion', 'praise']
export type Urgency = 'normal' | 'utility' | 'emergency'
export const URGENCIES: readonly Urgency[] = ['normal', 'utility', 'emergency']
export type Channel = 'phone' | 'manual' | 'web' | 'message_board' | '110'

export interface TicketDraft {
  title: string; content: string; kind: Kind; urgency: Urgency; category_id: string | null; place_id: string | null
  address: string; contact_name: string; contact_number: string; secrecy: boolean; wants_reply: boolean
}
export interface NewTicket {
  draft: TicketDraft; call_id: string | null; channel: Channel; source?: string; outside_number?: string; outside_due?: string
  direct_answer?: { knowledge_id: string; text: string }; key: string
}

/** `oversight:LEVEL` carries its level with it. */
export type Flag = string
export interface TicketRow {
  id: string; number: string; title: string; kind: Kind; urgency: Urgency; state: string; unit_name: string | null
  due_at: string | null; provisional: boolean; late: boolean; left_text: string | null; created_at: string; ended_at?: string | null; promise_at?: string | null; channel: Channel
  district: string | null; secrecy: boolean; flags: Flag[]; demo: boolean
}
export interface LegReply { text: string; contacted: boolean; contacted_at: string | null; how: string | null; solved: string; facts?: string | null; basis?: string | null; public_text?: string | null; plan_date?: string | null }
export interface HandlingLeg {
  id: string; unit_id?: string; unit_name: string; level: Level; role: 'lead' | 'assisting'; parent_id: string | null; cycle?: number; state: string
  dispatched_at: string; sign_due_at: string | null; signed_at: string | null; due_at: string | null; replied_at: string | null; result: string | null
  reply?: LegReply | null; auto_signed?: boolean; binding?: boolean
}
export interface HistoryItem {
  id: string | number; at: string; actor_name: string; unit_name: string | null; action: string; action_label?: string; reason: string | null; note: string | null
  from: string | null; to: string | null; details: unknown
}
export interface TimerSegment { from: string; to: string; kind: 'run' | 'off' | 'pause' }
export interface Timer { name: string; label: string; leg_id?: string | null; cycle?: number; provisional?: boolean; paused_at?: string | null; projected_due_at?: string | null; left_secs?: number; extensions?: number; held?: { from: string; to: string; who: string }[]; started_at: string; due_at: string; met_at: string | null; stopped_at?: string | null; late: boolean; left_text?: string; percent: number; segments: TimerSegment[] }
export interface ServerField { name: string; label: string; kind: 'text' | 'long_text' | 'unit' | 'units' | 'bool' | 'number' | 'time' | 'date' | 'choice' | 'choices' | 'ticket' | 'attachments' | 'call' | 'leg' | 'category' | 'place' | 'checklist'; required: boolean; options?: { value: string; label: string }[] }
export interface TicketAction { name: string; label: string; enabled: boolean; why_not: string | null; fields: ServerField[] }
export interface NoticeRow { id: string; at: string; kind: 'sms' | 'email'; to_masked: string; text: string; state: 'queued' | 'sent' | 'sent_in_demo' | 'failed'; why: string | null }
export interface Rating { reached?: boolean; satisfaction?: string | null; solved?: string | null; contacted?: boolean | null; words?: string | null }
export interface Named { id: string; name: string }
export interface Suspension { until: string; review_at: string | null; cause: string; cause_label?: string }
export interface Oversight { id: string; level: string; cause: string | null; cause_label?: string; reason?: string; by: string | null; at: string; due_at: string | null; answer: string | null; lifted_at: string | null }
export interface Contact { at: string; how: string; reached: boolean; call_id: string | null; proved: boolean; name?: string }
export interface Share { who: string; secs_business: number; overdue_secs: number }
export interface Attachment { id: string; name: string; type: string; bytes: number; purpose: string; by: string; at: string; sha256?: string }
export interface Finding { code: string; text: string }
export interface Ticket extends TicketRow {
  version?: number; place_path?: string | null; cycle?: number; wants_reply?: boolean; category_id?: string | null; place_id?: string | null
  source?: string | null; outside_number?: string | null
  content: string; address: string; contact: { name_masked: string | null; number_masked: string | null } | null; category_path: string | null
  call_id: string | null; legs: HandlingLeg[]; history: HistoryItem[]; timers: Timer[]; actions: TicketAction[]; notices: NoticeRow[]
  rating: Rating | null; query_code: string | null
  extension?: { days?: number; leg?: string; reason?: string } | null
  against_units?: Named[]; first_unit?: Named | null; parent?: { id: string; number: string } | null
  children?: { id: string; number: string; state: string; state_label?: string; title?: string }[]
  suspension?: Suspension | null; pending_suspension?: Record<string, unknown> | null; pending_final?: Record<string, unknown> | null; transfer?: { to: string; outside_number: string | null; at: string; name: string } | null; phone_notices?: { leg_id: string; who: string; at: string; name: string }[]
  pending_change?: Record<string, unknown> | null; pending_withdrawal?: Record<string, unknown> | null
  oversights?: Oversight[]; contacts?: Contact[]; breakdown?: Share[]; attachments?: Attachment[]; review_findings?: Finding[]
}

/** How much work waits; a number that reaches `counted_to` stands for "this many or more". */
export interface WorkCounts {
  boxes: { todo: number; unit: number; mine: number; all: number; counted_to: number }
  total: number; late: number; due_today: number; due_tomorrow: number
  states: { state: string; label: string; total: number; late: number; due_today: number; due_tomorrow: number }[]
}
export interface SavedFilter { id: string; list: string; name: string; query: Record<string, unknown> }
export interface BulkItem { id: string; number: string; allowed: boolean; why_not: string | null }
export interface BulkJob { state: string; done: number; total: number; rows: { id: string; number: string; /** `null` until its turn has come. */ ok: boolean | null; error: string | null }[] }

export interface FloorAgent { name: string; number: string; state: PresenceState; why?: string | null; since: string; call: { hotline_name: string; talk_secs: number } | null }
export interface Floor {
  agents: FloorAgent[]
  waiting: { hotline_name: string; waited_secs: number }[]
  today: { offered: number; answered: number; abandoned: number; within_15s: number; connect_rate: number | null; service_level: number | null; asa_secs: number | null }
  tickets: { open: number; late: number; due_today: number; in_review: number; in_follow_up: number } | null
  /** What is wrong with the house itself, in words (a full disk, a spool that cannot be kept). */
  alarms?: string[]
}

export interface LookupResult {
  headline: string; number: string; state: string; steps: { label: string; at: string | null; done: boolean; now: boolean }[]
  answer_by: string | null; reply: string | null; sealed: boolean
  may_withdraw?: boolean; may_rate?: boolean
}

export interface Frame { epoch: string | number; seq: number; kind: string; data: unknown }
