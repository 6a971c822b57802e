import { describe, expect, it } from 'vitest'
import { emptyDraft, missingOf, searchWords, withKind } from './draft'

const full = { ...emptyDraft('13800000001'), title: '暖气不热', content: '三天了' }

describe('a ticket’s draft', () => {
  it('seals a report by default and unseals when the kind was chosen by mistake', () => {
    const report = withKind(full, 'report')
    expect(report.secrecy).toBe(true)
    expect(withKind(report, 'help').secrecy).toBe(false)
  })
  it('keeps a secrecy the caller asked for when the kind changes', () => {
    expect(withKind({ ...full, kind: 'complaint', secrecy: true }, 'help').secrecy).toBe(true)
  })
  it('is complete with subject, content and a number to reply to', () => {
    expect(missingOf(full, false)).toEqual([])
    expect(missingOf(emptyDraft(), false)).toEqual(['title', 'content', 'number'])
    expect(missingOf({ ...full, contact_number: '', wants_reply: false }, false)).toEqual([])
  })
  it('of a complaint waits until the caller was asked about secrecy', () => {
    expect(missingOf({ ...full, kind: 'complaint' }, false)).toEqual(['secrecy'])
    expect(missingOf({ ...full, kind: 'complaint' }, true)).toEqual([])
  })
  it('searches knowledge by its subject, else by its content', () => {
    expect(searchWords(full)).toBe('暖气不热')
    expect(searchWords({ ...full, title: ' ' })).toBe('三天了')
  })
})
