import type { components } from './schema'

/** The shapes of /api/v1 under the names that the pages use. They are the server's own, as it describes itself in
 * openapi.json (`ops/types` writes schema.ts): where console and server do not agree, the compiler says so.
 * Times are RFC 3339 UTC, ids UUID strings. */
export type Schema = components['schemas']

/** Every word of a kind: a list that lacks one, or has one too many, is refused by the compiler. */
const every = <T extends string>() => <L extends readonly T[]>(...words: L & ([T] extends [L[number]] ? unknown : never)) => words as readonly T[]

export type Role = Schema['Role']
export const ROLES = every<Role>()('agent', 'supervisor', 'dispatcher', 'reviewer', 'follow_up', 'oversight', 'hub', 'clerk', 'leader', 'administrator')
export type Level = Schema['Level']
export type Kind = Schema['Kind']
export const KINDS = every<Kind>()('inquiry', 'help', 'complaint', 'report', 'suggestion', 'praise')
export type Urgency = Schema['Urgency']
export const URGENCIES = every<Urgency>()('normal', 'utility', 'emergency')
export type Channel = Schema['Channel']
export type OutcomeKind = Schema['OutcomeKind']
export const OUTCOMES = every<OutcomeKind>()('ticket', 'addition', 'progress_told', 'direct_answer', 'transferred', 'guided_out', 'silent', 'wrong_number', 'nuisance', 'cut_off')
export type PresenceState = Schema['PresenceState']
export type Track = Schema['Track']
export type Purpose = Schema['FilePurpose']

export interface Page<T> { items: T[]; next: string | null }

export type Me = Schema['Me']
export type Person = Schema['Person']
export type Unit = Schema['UnitItem']
export type Place = Schema['PlaceItem']
export type Category = Schema['CategoryItem']
export type Knowledge = Schema['KnowledgeItem']

export type DeskCall = Schema['DeskCall']
export type Desk = Schema['Desk']
export type PhoneAccount = Schema['PhoneAccount']
export type CallRow = Schema['CallItem']
export type CallEvent = Schema['Happened']
export type CallDetail = Schema['CallDetail']
export type Segment = Schema['Words']
export type Callback = Schema['CallbackItem']
export type Fixture = Schema['Fixture']

export type TicketDraft = Schema['TicketDraft']
export type NewTicket = Schema['NewTicket']
export type TicketRow = Schema['TicketRow']
export type LegReply = Schema['ReplyBody']
export type HandlingLeg = Schema['LegBody']
export type HistoryItem = Schema['HistoryItem']
export type TimerSegment = Schema['BandBody']
export type Timer = Schema['TimerBody']
export type ServerField = Schema['FieldBody']
export type TicketAction = Schema['OfferBody']
export type NoticeRow = Schema['NoticeRow']
export type Rating = Schema['RatingBody']
export type Named = Schema['Named']
export type Oversight = Schema['OversightBody']
export type Contact = Schema['ContactBody']
export type Share = Schema['ShareBody']
export type Attachment = Schema['AttachmentItem']
export type Finding = Schema['FindingBody']
export type Ticket = Schema['TicketBody']

export type WorkCounts = Schema['WorkCounts']
export type SavedFilter = Schema['FilterItem']
export type BulkItem = Schema['PreviewItem']
export type BulkJob = Schema['BulkProgress']

export type FloorAgent = Schema['FloorAgent']
export type Floor = Schema['Board']

export type LookupResult = Schema['PublicBody']

/** A frame of the live feed, which is a WebSocket and therefore not in the description. */
export interface Frame { epoch: string | number; seq: number; kind: string; data: unknown }
