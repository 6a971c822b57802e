import type { Kind, TicketDraft } from './api/types'

export const emptyDraft = (number = ''): TicketDraft => ({
  title: '', content: '', kind: 'help', urgency: 'normal', category_id: null, place_id: null, address: '', contact_name: '', contact_number: number, secrecy: false, wants_reply: true,
})

/** Choosing a kind brings its rule about secrecy: a report (举报) is sealed unless someone unseals it by hand. */
export function withKind(draft: TicketDraft, kind: Kind): TicketDraft {
  if (kind === draft.kind) return draft
  const secrecy = kind === 'report' ? true : draft.kind === 'report' ? false : draft.secrecy
  return { ...draft, kind, secrecy }
}

export type Missing = 'title' | 'content' | 'number' | 'secrecy'

/** What must be there before a ticket can be accepted. A complaint needs the question about secrecy to have been asked. */
export function missingOf(draft: TicketDraft, secrecyAsked: boolean): Missing[] {
  const missing: Missing[] = []
  if (!draft.title.trim()) missing.push('title')
  if (!draft.content.trim()) missing.push('content')
  if (draft.wants_reply && !draft.secrecy && !draft.contact_number.trim()) missing.push('number')
  if (draft.kind === 'complaint' && !secrecyAsked) missing.push('secrecy')
  return missing
}

/** What a knowledge search is made of: the newest words on the form. */
export const searchWords = (draft: TicketDraft) => (draft.title.trim() || draft.content.trim()).slice(0, 40)
