import type { Segment } from './api/types'

/**
 * The lines of a conversation in the order they were spoken. A segment comes several times while it grows;
 * a final one is never taken back, and text that was once committed never shrinks on the screen.
 */
export function withSegment(lines: readonly Segment[], segment: Segment): Segment[] {
  const at = lines.findIndex(line => line.track === segment.track && line.index === segment.index)
  const old = lines[at]
  if (old?.final && !segment.final) return lines as Segment[]
  const next = lines.slice()
  if (at >= 0) next[at] = segment
  else next.push(segment)
  return next.sort((a, b) => a.from_ms - b.from_ms || a.index - b.index)
}

export const withSegments = (lines: readonly Segment[], more: readonly Segment[]): Segment[] =>
  more.reduce<Segment[]>((all, segment) => withSegment(all, segment), lines.slice())

/** What will not change any more, and what still may. */
export function halves(segment: Segment): [string, string] {
  if (segment.final) return [segment.text, '']
  const letters = [...segment.text]
  const committed = Math.max(0, Math.min(letters.length, segment.committed))
  return [letters.slice(0, committed).join(''), letters.slice(committed).join('')]
}

/** The line that is being heard at a moment of the recording. */
export function lineAt(lines: readonly Segment[], ms: number): Segment | null {
  let found: Segment | null = null
  for (const line of lines) if (line.from_ms <= ms) found = line
  return found && ms <= found.to_ms + 1500 ? found : null
}
