import type { Floor, FloorAgent, PresenceState } from './api/types'

/** Targets of GB/T 33358 and of the house; a figure without its target is wallpaper. */
export const TARGET = { connect_rate: 95, service_level: 90, asa_secs: 15, longest_secs: 60 } as const

export const STATES: readonly PresenceState[] = ['ready', 'ringing', 'talking', 'wrap_up', 'not_ready', 'signed_out']
export const COLOUR: Record<PresenceState, string> = { ready: 'var(--ready)', ringing: 'var(--ringing)', talking: 'var(--talking)', wrap_up: 'var(--wrap-up)', not_ready: 'var(--rest)', signed_out: 'var(--line)' }

/** How many people are in each state; those who are signed out do not count as being there. */
export function counts(agents: readonly FloorAgent[]): { state: PresenceState; n: number }[] {
  return STATES.filter(state => state !== 'signed_out').map(state => ({ state, n: agents.filter(agent => agent.state === state).length }))
}

/** On the floor first those who have been in their state for longest. */
export const byTime = (agents: readonly FloorAgent[]) =>
  agents.filter(agent => agent.state !== 'signed_out').sort((a, b) => Date.parse(a.since) - Date.parse(b.since))

export const longest = (floor: Floor) => floor.waiting.reduce((most, one) => Math.max(most, one.waited_secs), 0)

/** `null` while there is nothing to judge. */
export const meets = (value: number | null, target: number, lower = false): boolean | null => (value === null ? null : lower ? value <= target : value >= target)
