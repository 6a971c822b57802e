import type { HistoryItem } from './api/types'
import { i18n, wordFor } from './i18n'

/** The server stores each step as it was asked; a review that did not pass reads as what it is. */
export function stepName(item: Pick<HistoryItem, 'action' | 'details'>): string {
  const details = item.details as { pass?: boolean } | null
  return item.action === 'review' && details?.pass === false ? 'correction' : item.action
}

interface Details {
  text?: string; missing?: string; words?: string; path?: string; pass?: boolean; approve?: boolean; days?: number; unit_id?: string; assisting?: string[]; unit_ids?: string[]
  contacted?: boolean | null; how?: string; solved?: string; satisfaction?: string; reached?: boolean; not_true?: boolean; answer?: unknown; timer?: string
  until?: string; review_at?: string; cause?: string; level?: string; parent?: string; parent_number?: string; number?: string; mass?: boolean; headcount?: number; proved?: boolean
  facts?: string; basis?: string; public_text?: string; plan_date?: string; codes?: string[]; kind?: string; urgency?: string; wants_reply?: boolean; retroactive?: boolean
  to?: string; taken?: boolean; who?: string; name?: string; due_at?: string; limit?: string
}

const date = (iso: string) => iso.slice(0, 10)

/** What an event of the history says: its facts in short, and the words somebody wrote. */
export function said(item: HistoryItem, unitName: (id: string) => string | null): { facts: string; words: string } {
  const d = (typeof item.details === 'object' && item.details !== null ? item.details : {}) as Details
  const t = i18n.global.t
  const facts: (string | null | undefined | false)[] = []
  const name = (id: string) => unitName(id) ?? '…'
  const change = [d.kind && wordFor('kind', d.kind), d.urgency && wordFor('urgency', d.urgency)].filter(Boolean).join('、')
  if (d.timer) facts.push(wordFor('timer', d.timer))
  if (typeof d.approve === 'boolean') facts.push(t(d.approve ? 'decided.yes' : 'decided.no'))
  if (d.pass === true) facts.push(t('decided.passed'))
  if (d.level) facts.push(wordFor('oversight_level', d.level))
  if (typeof d.days === 'number') facts.push(t('decided.days', { n: d.days }))
  if (d.unit_id) facts.push(item.action === 'return' || item.action === 'decide_return' ? t('decided.unit', { name: name(d.unit_id) }) : t('decided.lead', { name: name(d.unit_id) }))
  const helpers = [...(d.assisting ?? []), ...(d.unit_ids ?? [])]
  if (helpers.length) facts.push(t('decided.assisting', { names: helpers.map(name).join('、') }))
  if (d.parent_number ?? d.number) facts.push(item.action.startsWith('child_') ? d.number : t('decided.parent', { number: d.parent_number ?? d.number }))
  if (change && item.action.endsWith('change')) facts.push(t('decided.change', { what: change }))
  if (typeof d.retroactive === 'boolean' && d.retroactive) facts.push(t('decided.retroactive'))
  if (d.cause) facts.push(d.cause)
  if (d.until) facts.push(t('decided.until', { date: date(d.until) }))
  if (d.review_at) facts.push(t('decided.review_at', { date: date(d.review_at) }))
  if (d.to && item.action === 'transfer_out') facts.push(wordFor('transfer_to', d.to))
  if (typeof d.taken === 'boolean') facts.push(t(d.taken ? 'decided.taken' : 'decided.not_taken'))
  if (d.mass) facts.push(wordFor('flag', 'mass'))
  if (typeof d.headcount === 'number') facts.push(t('decided.headcount', { n: d.headcount }))
  if (d.answer) facts.push(t('decided.answered'))
  if (d.path) facts.push(d.path)
  if (d.reached === false) facts.push(t('decided.not_reached'))
  if (d.reached === true && item.action === 'contact') facts.push(t('decided.reached'))
  if (typeof d.contacted === 'boolean' && d.reached !== false) facts.push(t(d.contacted ? 'decided.contacted' : 'decided.not_contacted'))
  if (d.how) facts.push(wordFor('contact_how', d.how))
  if (typeof d.proved === 'boolean') facts.push(t(d.proved ? 'decided.proved' : 'decided.unproved'))
  if (d.facts) facts.push(wordFor('facts', d.facts))
  if (d.solved) facts.push(wordFor('solved', d.solved))
  if (d.plan_date) facts.push(t('decided.plan', { date: date(d.plan_date) }))
  if (d.due_at) facts.push(t('decided.due', { date: date(d.due_at) }))
  if (d.satisfaction) facts.push(wordFor('satisfaction', d.satisfaction))
  if (d.not_true) facts.push(t('decided.not_true'))
  if (d.who && item.action === 'phone_notice') facts.push(d.who)
  if (d.codes?.length) facts.push(d.codes.map(code => wordFor('code', code)).join('、'))
  if (d.name && item.action === 'attach') facts.push(d.name)
  return { facts: facts.filter(Boolean).join(' · '), words: [d.text, d.missing, d.words, item.reason, item.note].filter(Boolean).join('\n') }
}
