/** The console's keys: one table, changeable by each person, shown on each button. */
export type KeyAction = 'answer' | 'hang_up' | 'mute' | 'keypad' | 'submit' | 'direct_answer' | 'ready' | 'help' | 'next' | 'previous' | 'main_action' | 'dispatch' | 'open' | 'select' | 'search' | 'reload'

/** The browser keeps Ctrl+N, T, W, F5, F11, F12 and F1 for itself; none of these is used. */
export const DEFAULT_KEYS: Record<KeyAction, string> = {
  answer: 'F9', hang_up: 'F4', mute: 'F8', keypad: 'F2', submit: 'Ctrl+Enter', direct_answer: 'Alt+D', ready: 'F7', help: '?', next: 'J', previous: 'K', main_action: 'R', dispatch: 'Alt+1', open: 'O', select: 'X', search: '/', reload: 'Alt+R',
}
export const KEY_ACTIONS = Object.keys(DEFAULT_KEYS) as KeyAction[]
const RESERVED = new Set(['Ctrl+N', 'Ctrl+T', 'Ctrl+W', 'F5', 'F11', 'F12', 'Ctrl+Tab', 'Tab', 'Enter', 'Escape', ' ', 'Backspace'])

/** How a key press is written: `Ctrl+Enter`, `F9`, `J`. Null for a modifier alone. */
export function nameOf(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey'>): string | null {
  if (['Control', 'Alt', 'Shift', 'Meta', 'AltGraph', 'Process', 'Dead'].includes(event.key)) return null
  const one = event.key.length === 1
  const key = one ? event.key.toUpperCase() : event.key
  const letter = /^[A-Z]$/.test(key)
  return [event.ctrlKey || event.metaKey ? 'Ctrl' : '', event.altKey ? 'Alt' : '', event.shiftKey && (!one || letter) ? 'Shift' : '', key].filter(Boolean).join('+')
}

/** Plain characters belong to whoever is typing; combinations and F-keys work everywhere. */
export const worksWhileTyping = (name: string) => /^(Ctrl|Alt)\+/.test(name) || /^F\d+$/.test(name)

export type KeyMap = Record<KeyAction, string>

export function withKey(map: KeyMap, action: KeyAction, name: string): { map: KeyMap; refused: 'reserved' | 'taken' | null } {
  if (RESERVED.has(name)) return { map, refused: 'reserved' }
  if (KEY_ACTIONS.some(other => other !== action && map[other] === name)) return { map, refused: 'taken' }
  return { map: { ...map, [action]: name }, refused: null }
}

export const actionFor = (map: KeyMap, name: string): KeyAction | null => KEY_ACTIONS.find(action => map[action] === name) ?? null

/** As printed on a button. */
export const keyCap = (name: string) => name.replace('Enter', '↵').replaceAll('+', ' ')
