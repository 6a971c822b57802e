import type { Frame } from '../api/types'

/** Where a reader stands in the server's stream: frames after `seq` of `epoch` have not been seen. */
export interface Place { epoch: string | number; seq: number }

export type Link = 'connecting' | 'open' | 'lost'

export interface FeedWorld {
  open: (url: string) => WebSocket
  later: (ms: number, then: () => void) => number
  cancel: (timer: number) => void
  random: () => number
}

export const browserWorld: FeedWorld = {
  open: url => new WebSocket(url),
  later: (ms, then) => window.setTimeout(then, ms),
  cancel: timer => window.clearTimeout(timer),
  random: () => Math.random(),
}

const FIRST_WAIT_MS = 300
const LONGEST_WAIT_MS = 15_000
/** A server that pings (a frame every 20 s) and then falls silent for longer than two of them is gone, even if TCP has not noticed. */
export const SILENCE_MS = 45_000

/** How long to wait before try number `tries` (from 0): doubling, with half of it random so that a thousand desks do not come back at once. */
export function backOff(tries: number, random: number): number {
  const top = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(tries, 10))
  return Math.round(top / 2 + (top / 2) * random)
}

/**
 * One WebSocket that remembers where it stands. After a break it asks for the frames since then;
 * where the server no longer has them it says `snapshot`, and everything shown is fetched again.
 */
export class Feed {
  private place: Place | null = null
  private socket: WebSocket | null = null
  private timer: number | null = null
  private silence: number | null = null
  private tries = 0
  private stopped = true
  private greeted = false
  private pinged = false

  constructor(
    private readonly url: string,
    private readonly on: { frame: (frame: Frame) => void; snapshot: () => void; link: (link: Link, retryInMs: number | null) => void },
    private readonly world: FeedWorld = browserWorld,
  ) {}

  start() {
    if (!this.stopped) return
    this.stopped = false
    this.connect()
  }

  stop() {
    this.stopped = true
    this.forgetTimers()
    const socket = this.socket
    this.socket = null
    socket?.close(1000)
    this.place = null
    this.greeted = false
  }

  /** Try now instead of waiting: the network is back or someone pressed the button. */
  retryNow() {
    if (this.stopped || this.socket) return
    this.forgetTimers()
    this.connect()
  }

  private connect() {
    this.on.link('connecting', null)
    const query = this.place ? `?epoch=${encodeURIComponent(String(this.place.epoch))}&after=${this.place.seq}` : ''
    const socket = this.world.open(this.url + query)
    this.socket = socket
    socket.onmessage = event => {
      if (socket !== this.socket) return
      this.take(String(event.data))
      this.watchSilence(socket)
    }
    socket.onclose = () => { if (socket === this.socket) this.lost() }
  }

  private take(text: string) {
    let frame: Frame
    try { frame = JSON.parse(text) as Frame } catch { return }
    if (frame.kind === 'ping') { this.pinged = true; return }
    if (frame.kind === 'hello') return this.hello(frame)
    if (frame.kind === 'snapshot') {
      this.place = { epoch: frame.epoch, seq: frame.seq }
      return this.on.snapshot()
    }
    if (this.place && frame.epoch === this.place.epoch) {
      if (frame.seq <= this.place.seq) return
      this.place.seq = frame.seq
    } else {
      this.place = { epoch: frame.epoch, seq: frame.seq }
    }
    this.on.frame(frame)
  }

  private hello(frame: Frame) {
    this.tries = 0
    this.on.link('open', null)
    const first = !this.greeted
    this.greeted = true
    if (this.place && frame.epoch === this.place.epoch) return
    this.place = { epoch: frame.epoch, seq: frame.seq }
    if (!first) this.on.snapshot()
  }

  private lost() {
    this.socket = null
    this.forgetTimers()
    if (this.stopped) return
    const wait = backOff(this.tries, this.world.random())
    this.tries += 1
    this.on.link('lost', wait)
    this.timer = this.world.later(wait, () => { this.timer = null; this.connect() })
  }

  private watchSilence(socket: WebSocket) {
    if (this.silence !== null) this.world.cancel(this.silence)
    this.silence = null
    if (!this.pinged) return
    this.silence = this.world.later(SILENCE_MS, () => {
      if (socket !== this.socket) return
      this.lost()
      socket.close()
    })
  }

  private forgetTimers() {
    if (this.timer !== null) this.world.cancel(this.timer)
    if (this.silence !== null) this.world.cancel(this.silence)
    this.timer = null
    this.silence = null
  }
}
