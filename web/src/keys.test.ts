import { describe, expect, it } from 'vitest'
import { DEFAULT_KEYS, KEY_ACTIONS, actionFor, keyCap, nameOf, withKey, worksWhileTyping } from './keys'

const press = (key: string, held: Partial<Record<'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey', boolean>> = {}) =>
  nameOf({ key, ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, ...held })

describe('keys', () => {
  it('are named as they are printed', () => {
    expect(press('F9')).toBe('F9')
    expect(press('Enter', { ctrlKey: true })).toBe('Ctrl+Enter')
    expect(press('j')).toBe('J')
    expect(press('?', { shiftKey: true })).toBe('?')
    expect(press('Control', { ctrlKey: true })).toBeNull()
    expect(keyCap('Ctrl+Enter')).toBe('Ctrl ↵')
  })
  it('find their action', () => {
    expect(actionFor(DEFAULT_KEYS, 'F4')).toBe('hang_up')
    expect(actionFor(DEFAULT_KEYS, 'F3')).toBeNull()
  })
  it('that are plain characters leave the typist alone', () => {
    expect(worksWhileTyping('J')).toBe(false)
    expect(worksWhileTyping('F9')).toBe(true)
    expect(worksWhileTyping('Ctrl+Enter')).toBe(true)
  })
  it('cannot be given to two actions or taken from the browser', () => {
    expect(withKey(DEFAULT_KEYS, 'mute', 'F4').refused).toBe('taken')
    expect(withKey(DEFAULT_KEYS, 'mute', 'F5').refused).toBe('reserved')
    expect(withKey(DEFAULT_KEYS, 'mute', 'F6').map.mute).toBe('F6')
  })
  it('start out all different', () => {
    expect(new Set(Object.values(DEFAULT_KEYS)).size).toBe(KEY_ACTIONS.length)
  })
})
