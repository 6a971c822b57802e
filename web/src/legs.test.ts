import { describe, expect, it } from 'vitest'
import type { HandlingLeg } from './api/types'
import { legTree } from './legs'

const leg = (id: string, parent_id: string | null, role: 'lead' | 'assisting' = 'assisting', dispatched_at = '2026-11-23T00:00:00Z'): HandlingLeg =>
  ({ id, unit_id: id, unit_name: id, level: 'city', role, parent_id, cycle: 1, state: 'handling', state_label: '', dispatched_at, sign_due_at: null, signed_at: null, auto_signed: false, binding: false, due_at: '2026-11-30T09:30:00Z', replied_at: null, result: null, reply: null })
const drawn = (legs: HandlingLeg[]) => legTree(legs).map(row => `${'-'.repeat(row.depth)}${row.leg.id}`)

describe('the tree of handling legs', () => {
  it('puts the lead first and children under their parent', () => {
    expect(drawn([leg('street', 'county'), leg('county', null), leg('bureau', null, 'lead')])).toEqual(['bureau', 'county', '-street'])
  })
  it('shows a leg whose parent the viewer may not see at the top', () => {
    expect(drawn([leg('street', 'hidden')])).toEqual(['street'])
  })
  it('draws each leg once even where parents form a ring', () => {
    expect(drawn([leg('a', 'b'), leg('b', 'a')])).toHaveLength(2)
  })
})
