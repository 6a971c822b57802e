import { describe, expect, it } from 'vitest'
import { KINDS, OUTCOMES, ROLES, URGENCIES } from '../api/types'
import { FORMS } from '../ticket-forms'
import { FILTER_STATES } from '../ticket-words'
import en from './en'
import { i18n, wordFor } from './index'
import zh from './zh'

function leaves(node: object, path = ''): [string, string][] {
  return Object.entries(node).flatMap(([name, value]) => (typeof value === 'string' ? [[`${path}${name}`, value] as [string, string]] : leaves(value as object, `${path}${name}.`)))
}
const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(match => match[1]).sort().join()

describe('the two languages', () => {
  it('say the same things with the same blanks to fill', () => {
    const english = new Map(leaves(en))
    for (const [key, text] of leaves(zh)) expect([key, holes(english.get(key) ?? 'missing {missing}')]).toEqual([key, holes(text)])
    expect(english.size).toBe(leaves(zh).length)
  })
  it('name every value the server may send', () => {
    for (const [group, values] of Object.entries({ role: ROLES, kind: KINDS, urgency: URGENCIES, outcome: OUTCOMES, ticket_state: FILTER_STATES })) {
      for (const value of values) expect(wordFor(group, value)).not.toBe(value)
    }
  })
  it('label every field of every form', () => {
    for (const form of Object.values(FORMS)) for (const field of form.fields.filter(one => !one.said)) {
      expect(i18n.global.te(`ticket.form.${field.label}`)).toBe(true)
      if (field.hint) expect(i18n.global.te(`ticket.form.${field.hint}`)).toBe(true)
    }
  })
  it('show a value nobody has named as it came, and nothing as a dash', () => {
    expect(wordFor('ticket_state', 'brand_new')).toBe('brand_new')
    expect(wordFor('ending', null)).toBe('—')
  })
})
