import { describe, expect, it } from 'vitest'
import { limitPart } from './limits'

describe('a limit as the flow files write it', () => {
  it('is told in the time that it is counted in', () => {
    expect(limitPart('BH 4h')).toEqual({ key: 'working_hours', n: 4 })
    expect(limitPart('WD-EOD 3')).toEqual({ key: 'working_days', n: 3 })
    expect(limitPart('WALL 30m')).toEqual({ key: 'minutes', n: 30 })
    expect(limitPart('WALL 24h')).toEqual({ key: 'hours', n: 24 })
    expect(limitPart('CD 7')).toEqual({ key: 'days', n: 7 })
  })
  it('is nothing where there is none, and where nobody knows the word', () => {
    expect(limitPart(null)).toBeNull()
    expect(limitPart('MOON 3')).toBeNull()
    expect(limitPart('yellow')).toBeNull()
  })
})
