import { describe, expect, it } from 'vitest'
import { ROLES } from './api/types'
import { homeOf, mayOpen, placesOf } from './permissions'

describe('what each role is offered', () => {
  it('gives every role a home that it may open', () => {
    for (const role of ROLES) {
      const home = homeOf({ roles: [role] })
      expect(home).not.toBeNull()
      expect(mayOpen({ roles: [role] }, home!)).toBe(true)
    }
  })
  it('lands agents on the desk, supervisors on the floor, administrators on people', () => {
    expect(homeOf({ roles: ['agent'] })).toBe('desk')
    expect(homeOf({ roles: ['supervisor'] })).toBe('floor')
    expect(homeOf({ roles: ['administrator'] })).toBe('people')
    expect(homeOf({ roles: ['clerk'] })).toBe('work')
  })
  it('offers a department’s clerk the work list and nothing of the telephone', () => {
    expect(placesOf({ roles: ['clerk'] })).toEqual(['work', 'settings'])
  })
  it('adds up the roles of one person', () => {
    expect(placesOf({ roles: ['administrator', 'supervisor'] })).toContain('floor')
    expect(placesOf({ roles: ['administrator', 'supervisor'] })).toContain('people')
  })
  it('offers nothing to nobody', () => {
    expect(placesOf(null)).toEqual([])
    expect(homeOf({ roles: [] })).toBeNull()
  })
})
