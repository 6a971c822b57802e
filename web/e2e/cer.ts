import { readFileSync } from 'node:fs'

/** Character error rate with the normalisation of audio-fixtures/cer.py: no punctuation, lower case, numerals as Arabic ones. */
const DIGITS = new Map([...'零〇一幺二两三四五六七八九'].map((c, n) => [c, [0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9][n]!]))
const UNITS = new Map([['十', 10], ['百', 100], ['千', 1000]])

function numeral(run: string): string {
  if (![...run].some(c => UNITS.has(c))) return [...run].map(c => DIGITS.get(c)).join('')
  let total = 0
  let digit: number | null = null
  for (const c of run) {
    const unit = UNITS.get(c)
    if (unit) { total += (digit ?? 1) * unit; digit = null } else digit = DIGITS.get(c)!
  }
  return String(total + (digit ?? 0))
}

export const plain = (text: string): string[] =>
  [...text.normalize('NFKC').toLowerCase().replace(/[零〇一幺二两三四五六七八九十百千]+/g, numeral)].filter(c => /[\p{L}\p{N}]/u.test(c))

/** Edits that turn what was heard into the best-fitting part of what was said, which may be heard from anywhere in it. */
export function errorsWithin(heard: string[], said: string[]): number {
  let row = new Array<number>(said.length + 1).fill(0)
  heard.forEach((x, i) => {
    const next = [i + 1]
    said.forEach((y, j) => next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (x === y ? 0 : 1))))
    row = next
  })
  return Math.min(...row)
}

/** What one speaker says in a fixture call. */
export const script = (path: string, speaker: 'citizen' | 'agent'): string =>
  readFileSync(path, 'utf8').split('\n').map(line => line.split('\t')).filter(cells => cells[2] === speaker).map(cells => cells[3]).join('')
