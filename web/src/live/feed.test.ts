import { beforeEach, describe, expect, it } from 'vitest'
import type { Frame } from '../api/types'
import { Feed, SILENCE_MS, backOff, type FeedWorld, type Link } from './feed'

class FakeSocket {
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  closed = false
  constructor(readonly url: string) {}
  close() { this.closed = true }
  say(frame: Partial<Frame>) { this.onmessage?.({ data: JSON.stringify({ epoch: 'a', seq: 0, data: null, ...frame }) }) }
  drop() { this.onclose?.() }
}

let sockets: FakeSocket[]
let timers: { at: number; then: () => void; id: number }[]
let frames: Frame[]
let snapshots: number
let links: Link[]
let feed: Feed

const newest = () => sockets[sockets.length - 1]!
function runTimer(ms: number) {
  const due = timers.find(timer => timer.at === ms)!
  timers = timers.filter(timer => timer !== due)
  due.then()
}

beforeEach(() => {
  sockets = []; timers = []; frames = []; links = []; snapshots = 0
  let id = 0
  const world: FeedWorld = {
    open: url => { const socket = new FakeSocket(url); sockets.push(socket); return socket as unknown as WebSocket },
    later: (at, then) => { id += 1; timers.push({ at, then, id }); return id },
    cancel: gone => { timers = timers.filter(timer => timer.id !== gone) },
    random: () => 1,
  }
  feed = new Feed('/live', { frame: f => frames.push(f), snapshot: () => { snapshots += 1 }, link: l => links.push(l) }, world)
  feed.start()
})

describe('the live feed', () => {
  it('asks for everything after what it has seen when it comes back', () => {
    newest().say({ kind: 'hello', seq: 4 })
    newest().say({ kind: 'desk', seq: 5 })
    newest().drop()
    runTimer(300)
    expect(newest().url).toBe('/live?epoch=a&after=5')
  })

  it('delivers no frame twice after a resume', () => {
    newest().say({ kind: 'hello', seq: 4 })
    newest().say({ kind: 'desk', seq: 5 })
    newest().drop()
    runTimer(300)
    newest().say({ kind: 'hello', seq: 6 })
    newest().say({ kind: 'desk', seq: 5 })
    newest().say({ kind: 'transcript', seq: 6 })
    expect(frames.map(frame => frame.seq)).toEqual([5, 6])
    expect(snapshots).toBe(0)
  })

  it('has everything fetched again when the server says it cannot resume', () => {
    newest().say({ kind: 'hello', seq: 4 })
    newest().say({ kind: 'snapshot', seq: 90 })
    expect(snapshots).toBe(1)
    newest().say({ kind: 'desk', seq: 91 })
    expect(frames).toHaveLength(1)
  })

  it('has everything fetched again when the server was restarted, but not at the first greeting', () => {
    newest().say({ kind: 'hello', seq: 4 })
    expect(snapshots).toBe(0)
    newest().drop()
    runTimer(300)
    newest().say({ kind: 'hello', epoch: 'b', seq: 0 })
    expect(snapshots).toBe(1)
    newest().say({ kind: 'desk', epoch: 'b', seq: 1 })
    expect(frames).toHaveLength(1)
  })

  it('says at once that the link is lost and when it is back', () => {
    newest().say({ kind: 'hello' })
    newest().drop()
    runTimer(300)
    newest().say({ kind: 'hello' })
    expect(links).toEqual(['connecting', 'open', 'lost', 'connecting', 'open'])
  })

  it('waits longer with each failure and starts short again after a success', () => {
    newest().drop()
    runTimer(300)
    newest().drop()
    runTimer(600)
    newest().drop()
    runTimer(1200)
    newest().say({ kind: 'hello' })
    newest().drop()
    expect(timers.map(timer => timer.at)).toEqual([300])
  })

  it('gives up a socket whose pings have stopped', () => {
    newest().say({ kind: 'hello' })
    newest().say({ kind: 'ping' })
    const old = newest()
    runTimer(SILENCE_MS)
    expect(old.closed).toBe(true)
    expect(links.at(-1)).toBe('lost')
  })

  it('does not mistrust a quiet socket whose server pings below what a page can see', () => {
    newest().say({ kind: 'hello' })
    expect(timers).toEqual([])
  })

  it('stays away once stopped', () => {
    feed.stop()
    expect(newest().closed).toBe(true)
    newest().drop()
    expect(timers).toEqual([])
  })

  it('ignores what is not a frame', () => {
    newest().onmessage?.({ data: 'hello?' })
    expect(frames).toEqual([])
  })
})

describe('the wait between tries', () => {
  it('doubles up to a ceiling and is half random', () => {
    expect(backOff(0, 0)).toBe(150)
    expect(backOff(0, 1)).toBe(300)
    expect(backOff(3, 1)).toBe(2400)
    expect(backOff(40, 1)).toBe(15_000)
  })
})
