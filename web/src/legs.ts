import type { HandlingLeg } from './api/types'

/** The tree of legs from top to bottom, lead before assisting, each with how deep it lies. A leg whose parent is not shown stands at the top. */
export function legTree(legs: readonly HandlingLeg[]): { leg: HandlingLeg; depth: number }[] {
  const ids = new Set(legs.map(leg => leg.id))
  const order = (a: HandlingLeg, b: HandlingLeg) => Number(b.role === 'lead') - Number(a.role === 'lead') || Date.parse(a.dispatched_at) - Date.parse(b.dispatched_at)
  const seen = new Set<string>()
  const rows: { leg: HandlingLeg; depth: number }[] = []
  const walk = (leg: HandlingLeg, depth: number) => {
    if (seen.has(leg.id)) return
    seen.add(leg.id)
    rows.push({ leg, depth })
    legs.filter(child => child.parent_id === leg.id).sort(order).forEach(child => walk(child, depth + 1))
  }
  legs.filter(leg => leg.parent_id === null || !ids.has(leg.parent_id)).sort(order).forEach(leg => walk(leg, 0))
  legs.forEach(leg => walk(leg, 0))
  return rows
}
