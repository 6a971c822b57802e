import { describe, expect, it } from 'vitest'
import type { Segment } from './api/types'
import { halves, lineAt, withSegment, withSegments } from './transcript'

const line = (over: Partial<Segment>): Segment => ({ index: 0, track: 'citizen', from_ms: 0, to_ms: 1000, text: '喂，你好', final: false, committed: 0, ...over })

describe('the live transcript', () => {
  it('replaces a growing line instead of repeating it', () => {
    const lines = withSegments([], [line({ text: '喂' }), line({ text: '喂，你好' })])
    expect(lines).toHaveLength(1)
    expect(lines[0]!.text).toBe('喂，你好')
  })
  it('keeps the two speakers apart although both count from zero', () => {
    expect(withSegments([], [line({}), line({ track: 'agent', from_ms: 500 })])).toHaveLength(2)
  })
  it('orders lines by when they were spoken, not by when they arrived', () => {
    const lines = withSegments([], [line({ index: 1, from_ms: 9000 }), line({ track: 'agent', from_ms: 4000 })])
    expect(lines.map(l => l.from_ms)).toEqual([4000, 9000])
  })
  it('does not let a late partial undo a final line', () => {
    const lines = withSegment([line({ final: true, text: '暖气不热' })], line({ text: '暖气不' }))
    expect(lines[0]!.text).toBe('暖气不热')
  })
  it('shows committed and unsettled text apart, counting characters', () => {
    expect(halves(line({ text: '三号楼二单元', committed: 3 }))).toEqual(['三号楼', '二单元'])
    expect(halves(line({ text: '𠮷野家', committed: 1 }))).toEqual(['𠮷', '野家'])
    expect(halves(line({ text: '好', committed: 9, final: true }))).toEqual(['好', ''])
  })
  it('finds the line under the player’s hand', () => {
    const lines = [line({ from_ms: 0, to_ms: 1000 }), line({ index: 1, from_ms: 5000, to_ms: 7000 })]
    expect(lineAt(lines, 5500)?.index).toBe(1)
    expect(lineAt(lines, 4000)).toBeNull()
  })
})
