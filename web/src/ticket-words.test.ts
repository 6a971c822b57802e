import { describe, expect, it } from 'vitest'
import { boxesOf, leftTone, stepOf } from './ticket-words'

const NOW = Date.parse('2026-11-24T02:00:00Z')

describe('a row of the work list', () => {
  it('is red only when it is late', () => {
    expect(leftTone({ late: true, due_at: null, state: 'handling' }, NOW)).toBe('s-late')
    expect(leftTone({ late: false, due_at: '2026-11-24T09:30:00Z', state: 'handling' }, NOW)).toBe('s-ring')
    expect(leftTone({ late: false, due_at: '2026-12-01T09:30:00Z', state: 'handling' }, NOW)).toBe('')
  })
  it('does not warn about a closed ticket', () => {
    expect(leftTone({ late: false, due_at: '2026-11-24T09:30:00Z', state: 'closed' }, NOW)).toBe('')
  })
})

describe('boxes', () => {
  it('of a clerk are their own and their unit’s, never the city’s', () => {
    expect(boxesOf({ roles: ['clerk'], unit: { id: 'u', name: '市住建局', level: 'city' } })).toEqual(['todo', 'unit'])
  })
  it('of hotline staff hold everything', () => {
    expect(boxesOf({ roles: ['dispatcher'], unit: null })).toEqual(['todo', 'all'])
    expect(boxesOf(null)).toEqual([])
  })
})

describe('the seven steps', () => {
  it('follow the ticket’s life', () => {
    expect(['accepted', 'dispatched', 'handling', 'in_review', 'in_follow_up', 'closed'].map(stepOf)).toEqual([1, 2, 3, 4, 5, 7])
  })
  it('put an unknown state into the middle instead of failing', () => {
    expect(stepOf('something_new')).toBe(3)
  })
})
