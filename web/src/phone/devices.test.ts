import { beforeEach, describe, expect, it } from 'vitest'
import { constraints, levelOf, storeChoice, storedChoice, troubleOf } from './devices'

beforeEach(() => { localStorage.clear(); history.replaceState(null, '', '/') })

describe('the microphone', () => {
  it('uses echo cancellation and its two companions unless switched off', () => {
    expect(constraints(storedChoice())).toMatchObject({ echoCancellation: true, noiseSuppression: true, autoGainControl: true })
    expect(constraints({ ...storedChoice(), noiseSuppression: false })).toMatchObject({ noiseSuppression: false, echoCancellation: true })
  })
  it('is left raw for tests that compare tones', () => {
    history.replaceState(null, '', '/?raw-audio=1')
    expect(constraints(storedChoice())).toMatchObject({ echoCancellation: false, noiseSuppression: false, autoGainControl: false })
  })
  it('prefers the chosen device but takes another when it is unplugged', () => {
    storeChoice({ ...storedChoice(), microphone: 'jabra' })
    expect(constraints(storedChoice()).deviceId).toEqual({ ideal: 'jabra' })
  })
  it('says in our words why there is none', () => {
    expect(troubleOf(new DOMException('', 'NotAllowedError'))).toBe('denied')
    expect(troubleOf(new DOMException('', 'NotFoundError'))).toBe('none')
    expect(troubleOf(new DOMException('', 'NotReadableError'))).toBe('busy')
  })
})

describe('the level meter', () => {
  it('shows nothing for silence and all for full scale', () => {
    expect(levelOf(new Float32Array(64))).toBe(0)
    expect(levelOf(new Float32Array(64).fill(1))).toBe(1)
  })
  it('stands in the middle at 30 decibels below full scale', () => {
    expect(levelOf(new Float32Array(64).fill(10 ** (-30 / 20)))).toBeCloseTo(0.5, 5)
  })
})
