import { tookText, ZONE, type Locale } from './format'
import type { Me, TicketRow } from './api/types'
import { i18n, wordFor } from './i18n'

/** The soft ground behind a state: colour never says it alone, the word stands beside it. */
const TONE: Record<string, string> = {
  accepted: 's-ring', dispatched: 's-ring', handling: 's-brand', return_asked: 's-ring', in_review: 's-talk', correction: 's-ring', in_follow_up: 's-wrap', disputed: 's-ring', closed: 's-ready', not_accepted: 's-rest', cancelled: 's-rest',
  in_arbitration: 's-ring', suspended: 's-rest', final_review: 's-talk', withdrawal: 's-ring', transferred_out: 's-rest', merged: 's-rest', archived: 's-rest',
}
export const toneOf = (state: string) => TONE[state] ?? ''

/** Where a ticket stands on the seven steps; steps before it are done. */
const STEP: Record<string, number> = {
  accepted: 1, dispatched: 2, handling: 3, return_asked: 3, correction: 3, in_review: 4, in_follow_up: 5, disputed: 5, closed: 7, not_accepted: 7, cancelled: 7,
  in_arbitration: 2, suspended: 3, final_review: 5, withdrawal: 3, transferred_out: 2, merged: 3, archived: 7,
}
export const STEPS = ['accept', 'dispatch', 'sign', 'handle', 'review', 'follow_up', 'close'] as const
/** The marks that a list can be narrowed to. */
export const FLAGS = ['late', 'mass', 'suspended', 'extended', 'returned', 'rework', 'urged', 'correction', 'merged_children', 'withdrawn', 'self_reported_contact', 'rating_doubted', 'sealed'] as const
/** How strongly a matter is watched; a list can be narrowed to some of them. */
export const OVERSIGHT = ['notice', 'yellow', 'red', 'order', 'meeting'] as const

export const stepOf = (state: string): number => STEP[state] ?? 3

export const FILTER_STATES = ['accepted', 'dispatched', 'handling', 'return_asked', 'in_review', 'correction', 'in_follow_up', 'disputed', 'closed', 'not_accepted', 'cancelled', 'in_arbitration', 'suspended', 'final_review', 'withdrawal', 'transferred_out', 'merged', 'archived'] as const
export const OPEN_STATES = ['accepted', 'dispatched', 'handling', 'return_asked', 'in_review', 'correction', 'in_follow_up', 'disputed'] as const
export const isEnded = (state: string) => ['closed', 'not_accepted', 'cancelled', 'archived'].includes(state)

/** Which boxes a person has: a unit's people have their unit's, hotline staff have all. */
export function boxesOf(me: Pick<Me, 'roles' | 'unit'> | null): ('todo' | 'unit' | 'all' | 'mine')[] {
  if (!me) return []
  const boxes: ('todo' | 'unit' | 'all' | 'mine')[] = ['todo']
  if (me.unit && me.roles.some(role => ['hub', 'clerk', 'leader'].includes(role))) boxes.push('unit')
  if (me.roles.includes('agent')) boxes.push('mine')
  if (me.roles.some(role => ['supervisor', 'dispatcher', 'reviewer', 'follow_up', 'oversight', 'agent'].includes(role))) boxes.push('all')
  return boxes
}

/** Red is for what is late; what is close to it is amber; the rest is plain. */
export function leftTone(row: Pick<TicketRow, 'late' | 'due_at' | 'state'> & { flags?: readonly string[] }, now: number): string {
  if (row.late && !isEnded(row.state)) return 's-late'
  const due = Date.parse(row.due_at ?? '')
  if (Number.isNaN(due) || isEnded(row.state)) return ''
  return due < now ? 's-late' : due - now < 86_400_000 || row.flags?.includes('oversight:yellow') ? 's-ring' : ''
}

const dayAt = (at: number) => new Date(at).toLocaleDateString('en-CA', { timeZone: ZONE })

/** How long is left, as people say it: working days by the server's calendar; on the last day, and beyond it, by the clock on the wall, ticking. */
export function remaining(row: Pick<TicketRow, 'due_at' | 'left_text' | 'state'>, now: number, locale: Locale): string {
  const due = Date.parse(row.due_at ?? '')
  if (isEnded(row.state) || Number.isNaN(due)) return ''
  const t = i18n.global.t
  if (due < now) return t('work.over_by', { time: tookText((now - due) / 1000, locale) })
  if (dayAt(due) === dayAt(now)) return t('work.left_today', { time: due - now < 3_600_000 ? `${Math.floor((due - now) / 60_000)}:${String(Math.floor((due - now) / 1000) % 60).padStart(2, '0')}` : tookText((due - now) / 1000, locale) })
  return leftSaid(row.left_text)
}

/** 督办 · 黄牌 for `oversight:yellow`; any other flag by its word. */
export function flagWord(flag: string): string {
  const [name, level] = flag.split(':')
  return level ? `${wordFor('flag', name)} · ${wordFor('oversight_level', level)}` : wordFor('flag', flag)
}
const FLAG_TONE: Record<string, string> = { 'oversight:red': 's-late', 'oversight:order': 's-late', 'oversight:meeting': 's-late', mass: 's-late', false_contact: 's-late', merged_children: 's-talk', rework: 's-wrap', extended: '', suspended: 's-rest', withdrawn: 's-rest' }
export const flagTone = (flag: string) => FLAG_TONE[flag] ?? 's-ring'

/** A step as its button says it: the server speaks Chinese; in English it is named by our own word. */
export function stepLabel(step: { name: string; label: string }): string {
  const { locale, te, t } = i18n.global
  return locale.value !== 'zh-CN' && te(`ticket.act.${step.name}`, 'en') ? t(`ticket.act.${step.name}`) : step.label
}

/** Which of our words name the answers of a field. */
const CHOICES: Record<string, string> = { kind: 'kind', urgency: 'urgency', level: 'oversight_level', to: 'transfer_to', facts: 'facts', solved: 'solved', satisfaction: 'satisfaction', codes: 'code', how: 'contact_how', cause: 'cause' }
/** An answer to choose, as the reader says it: the server's own word in Chinese, ours for its code in English. */
export function choiceWord(field: string, choice: { value: string; label: string }): string {
  const { locale, te, t } = i18n.global
  const key = `${CHOICES[field] ?? field}.${choice.value}`
  return locale.value !== 'zh-CN' && te(key, 'en') ? t(key) : choice.label
}

/** 剩 4 个工作日, as the server counts it; in English by the same figures. */
export function leftSaid(text: string): string {
  const { locale, t } = i18n.global
  if (locale.value === 'zh-CN' || !text) return text
  const [word = '', ...rest] = text.split(' ')
  const time = rest.join(' ').replace(/(\d+) 个工作日/, (_, n: string) => t('work.working_days', { n }, Number(n))).replace(/(\d+) 天/, '$1 d').replace(/(\d+) 小时/, '$1 h').replace(/(\d+) 分钟?/, '$1 min')
  return t(word === '剩' ? 'work.left' : 'work.over_by', { time })
}

/** A limit by its name, and whose it is; in English too. */
export function timerLabel(timer: { name: string; label: string }): string {
  if (i18n.global.locale.value === 'zh-CN') return timer.label
  const unit = /（(.+)）$/.exec(timer.label)?.[1]
  return unit ? `${wordFor('timer', timer.name)} (${unit})` : wordFor('timer', timer.name)
}
