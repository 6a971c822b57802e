import type { HistoryItem } from './api/types'
import { i18n, wordFor } from './i18n'

/** The server stores each step as it was asked; a review that did not pass reads as what it is. */
export function stepName(item: Pick<HistoryItem, 'action' | 'details'>): string {
  const details = item.details as { pass?: boolean } | null
  return item.action === 'review' && details?.pass === false ? 'correction' : item.action
}

interface Details {
  text?: string; missing?: string; words?: string; path?: string; pass?: boolean; approve?: boolean; days?: number; unit_id?: string; assisting?: string[]
  contacted?: boolean | null; how?: string; solved?: string; satisfaction?: string; reached?: boolean; not_true?: boolean; answer?: unknown; timer?: string
}

/** What an event of the history says: its facts in short, and the words somebody wrote. */
export function said(item: HistoryItem, unitName: (id: string) => string | null): { facts: string; words: string } {
  const d = (item.details ?? {}) as Details
  const t = i18n.global.t
  const facts: (string | null | undefined | false)[] = []
  const name = (id: string) => unitName(id) ?? '…'
  if (d.timer) facts.push(wordFor('timer', d.timer))
  if (typeof d.approve === 'boolean') facts.push(t(d.approve ? 'decided.yes' : 'decided.no'))
  if (d.pass === true) facts.push(t('decided.passed'))
  if (typeof d.days === 'number') facts.push(t('decided.days', { n: d.days }))
  if (d.unit_id) facts.push(t('decided.lead', { name: name(d.unit_id) }))
  if (d.assisting?.length) facts.push(t('decided.assisting', { names: d.assisting.map(name).join('、') }))
  if (d.answer) facts.push(t('decided.answered'))
  if (d.path) facts.push(d.path)
  if (d.reached === false) facts.push(t('decided.not_reached'))
  if (typeof d.contacted === 'boolean' && d.reached !== false) facts.push(t(d.contacted ? 'decided.contacted' : 'decided.not_contacted'))
  if (d.solved) facts.push(wordFor('solved', d.solved))
  if (d.satisfaction) facts.push(wordFor('satisfaction', d.satisfaction))
  if (d.not_true) facts.push(t('decided.not_true'))
  return { facts: facts.filter(Boolean).join(' · '), words: [d.text, d.missing, d.words, item.reason, item.note].filter(Boolean).join('\n') }
}
