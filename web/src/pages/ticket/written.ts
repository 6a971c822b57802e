import type { Values } from '@/ticket-forms'

/** What somebody wrote into a step and did not send yet: it outlives a closed dialog, a lost race and a reload of this tab. */
const name = (of: { ticket: string; action: string }) => `lianxin.step.${of.ticket}.${of.action}`

export function written(of: { ticket: string; action: string } | null): Values | null {
  if (!of) return null
  try { return JSON.parse(sessionStorage.getItem(name(of)) ?? 'null') as Values | null } catch { return null }
}
export function keepWritten(of: { ticket: string; action: string } | null, values: Values) {
  if (!of || !Object.values(values).some(value => typeof value === 'string' && [...value.trim()].length > 3)) return
  try { sessionStorage.setItem(name(of), JSON.stringify(values)) } catch { /* a full store keeps nothing */ }
}
export function dropWritten(of: { ticket: string; action: string } | null) {
  if (of) sessionStorage.removeItem(name(of))
}
