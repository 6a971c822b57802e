import { describe, expect, it } from 'vitest'
import type { FloorAgent, PresenceState } from './api/types'
import { byTime, counts, meets } from './floor'

const agent = (state: PresenceState, since: string): FloorAgent => ({ id: state, name: state, number: '1', state, why: null, since, call: null })
const agents = [agent('ready', '2026-11-24T02:00:00Z'), agent('talking', '2026-11-24T01:00:00Z'), agent('signed_out', '2026-11-24T00:00:00Z')]

describe('the floor board', () => {
  it('does not count who has gone home', () => {
    expect(counts(agents).reduce((sum, one) => sum + one.n, 0)).toBe(2)
  })
  it('shows first who has been in a state for longest', () => {
    expect(byTime(agents).map(one => one.state)).toEqual(['talking', 'ready'])
  })
  it('judges a rate against its target and stays silent before the first call', () => {
    expect(meets(96.1, 95)).toBe(true)
    expect(meets(94.9, 95)).toBe(false)
    expect(meets(9, 15, true)).toBe(true)
    expect(meets(null, 95)).toBeNull()
  })
})
