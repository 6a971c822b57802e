import type { Me, TicketRow } from './api/types'

/** The soft ground behind a state: colour never says it alone, the word stands beside it. */
const TONE: Record<string, string> = {
  accepted: 's-ring', awaiting_dispatch: 's-ring', dispatched: 's-ring', signed: 's-brand', handling: 's-brand', replied: 's-talk', in_review: 's-talk', awaiting_approval: 's-talk',
  in_follow_up: 's-wrap', follow_up: 's-wrap', closed: 's-ready', archived: '', returned: 's-ring', return_asked: 's-ring', rework: 's-ring', correction: 's-ring', suspended: 's-rest', cancelled: 's-rest', merged: 's-rest', not_accepted: 's-rest', direct_answer: 's-ready', answered: 's-ready',
}
export const toneOf = (state: string) => TONE[state] ?? ''

/** Where a ticket stands on the seven steps; steps before it are done. */
const STEP: Record<string, number> = {
  draft: 0, accepted: 1, awaiting_dispatch: 1, returned: 1, return_asked: 3, arbitration: 1, dispatched: 2, signed: 3, handling: 3, rework: 3, correction: 3, suspended: 3, awaiting_approval: 3, replied: 4, in_review: 4, in_follow_up: 5, follow_up: 5, closed: 7, archived: 7, direct_answer: 7, answered: 7,
}
export const STEPS = ['accept', 'dispatch', 'sign', 'handle', 'review', 'follow_up', 'close'] as const
export const stepOf = (state: string): number => STEP[state] ?? 3

export const FILTER_STATES = ['accepted', 'dispatched', 'signed', 'handling', 'replied', 'in_review', 'in_follow_up', 'closed'] as const

/** Which boxes a person has: a unit's people have their unit's, hotline staff have all. */
export function boxesOf(me: Pick<Me, 'roles' | 'unit'> | null): ('todo' | 'unit' | 'all' | 'mine')[] {
  if (!me) return []
  const boxes: ('todo' | 'unit' | 'all' | 'mine')[] = ['todo']
  if (me.unit) boxes.push('unit')
  if (me.roles.includes('agent')) boxes.push('mine')
  if (me.roles.some(role => ['supervisor', 'dispatcher', 'reviewer', 'follow_up', 'agent'].includes(role))) boxes.push('all')
  return boxes
}

/** Red is for what is late; what is close to it is amber; the rest is plain. */
export function leftTone(row: Pick<TicketRow, 'late' | 'due_at' | 'state'>, now: number): string {
  if (row.late) return 's-late'
  const due = Date.parse(row.due_at ?? '')
  return !Number.isNaN(due) && due - now < 86_400_000 && stepOf(row.state) < 7 ? 's-ring' : ''
}
