import { describe, expect, it } from 'vitest'
import { byUnit, rungOf } from './board'

const NOW = Date.parse('2026-11-24T02:00:00Z')
const row = (more: object) => ({ flags: [], late: false, due_at: '2026-12-24T02:00:00Z', ended_at: null, ...more })

describe('the ladder of oversight', () => {
  it('follows the clock: nothing, yellow within a day, red beyond it', () => {
    expect(rungOf(row({}), NOW)).toBeNull()
    expect(rungOf(row({ due_at: '2026-11-24T09:00:00Z' }), NOW)).toBe('yellow')
    expect(rungOf(row({ due_at: '2026-11-24T01:00:00Z' }), NOW)).toBe('red')
  })
  it('puts an order above whatever the clock says', () => {
    expect(rungOf(row({ flags: ['oversight:yellow', 'oversight:order'] }), NOW)).toBe('order')
  })
  it('lets go of what has ended', () => {
    expect(rungOf(row({ ended_at: '2026-11-23T00:00:00Z', flags: ['oversight:red'] }), NOW)).toBeNull()
  })
  it('counts units with most tickets first', () => {
    expect(byUnit([{ unit_name: '市住建局' }, { unit_name: '市教育局' }, { unit_name: '市住建局' }, { unit_name: null }])).toEqual([{ name: '市住建局', n: 2 }, { name: '市教育局', n: 1 }])
  })
})
