import type { TicketRow } from '@/api/types'

/** How far up the ladder a ticket stands: what was marked by a person or the system counts before what the clock says. */
export type Rung = 'yellow' | 'red' | 'order' | 'meeting'
const DAY = 86_400_000
export function rungOf(row: Pick<TicketRow, 'flags' | 'late' | 'due_at' | 'ended_at'>, now: number): Rung | null {
  if (row.ended_at) return null
  const marks = row.flags.filter(flag => flag.startsWith('oversight:')).map(flag => flag.slice(10))
  for (const rung of ['meeting', 'order', 'red'] as const) if (marks.includes(rung)) return rung
  const due = Date.parse(row.due_at ?? '')
  if (!Number.isNaN(due) && due < now) return 'red'
  if (marks.includes('yellow') || marks.includes('notice') || (!Number.isNaN(due) && due - now < DAY)) return 'yellow'
  return null
}

/** Units with most tickets first. */
export function byUnit(rows: readonly Pick<TicketRow, 'unit_name'>[]): { name: string; n: number }[] {
  const counts = new Map<string, number>()
  for (const row of rows) if (row.unit_name) counts.set(row.unit_name, (counts.get(row.unit_name) ?? 0) + 1)
  return [...counts].map(([name, n]) => ({ name, n })).sort((a, b) => b.n - a.n || a.name.localeCompare(b.name, 'zh'))
}
