import type { Me, Role } from './api/types'

/** A place of the console. The server decides what each role may do; this decides only what is offered. */
export type Place = 'desk' | 'work' | 'new_ticket' | 'calls' | 'floor' | 'shift' | 'board' | 'people' | 'settings'

const OPEN_TO: Record<Place, readonly Role[]> = {
  desk: ['agent'],
  work: ['agent', 'supervisor', 'dispatcher', 'reviewer', 'follow_up', 'oversight', 'hub', 'clerk', 'leader'],
  new_ticket: ['agent', 'dispatcher', 'supervisor'],
  calls: ['agent', 'supervisor', 'dispatcher', 'reviewer', 'follow_up', 'oversight'],
  floor: ['supervisor', 'administrator'],
  shift: ['supervisor', 'dispatcher'],
  board: ['oversight', 'supervisor'],
  people: ['administrator'],
  settings: ['administrator', 'supervisor', 'dispatcher', 'reviewer', 'follow_up', 'oversight', 'hub', 'clerk', 'leader'],
}

/** Where each role begins its day, most specific first. */
const HOME: readonly (readonly [Role, Place])[] = [
  ['agent', 'desk'], ['supervisor', 'floor'], ['dispatcher', 'work'], ['reviewer', 'work'], ['follow_up', 'work'], ['oversight', 'board'],
  ['hub', 'work'], ['clerk', 'work'], ['leader', 'work'], ['administrator', 'people'],
]

export const PLACES = Object.keys(OPEN_TO) as Place[]

export const mayOpen = (me: Pick<Me, 'roles'> | null, place: Place): boolean =>
  me !== null && me.roles.some(role => OPEN_TO[place].includes(role))

export const placesOf = (me: Pick<Me, 'roles'> | null): Place[] => PLACES.filter(place => mayOpen(me, place))

export const homeOf = (me: Pick<Me, 'roles'>): Place | null =>
  HOME.find(([role]) => me.roles.includes(role))?.[1] ?? null
