/**
 * The transport JsSIP speaks over. It comes back by itself within half a second and tells JsSIP of a break only
 * when that has failed for three seconds: a short break of the network then costs a call nothing.
 * A close with the reason `replaced` means that another tab has taken the phone: it is never fought over.
 */
export interface SocketWorld { open: (url: string) => WebSocket; later: (ms: number, then: () => void) => number; cancel: (timer: number) => void }

const world: SocketWorld = {
  open: url => new WebSocket(url, 'sip'),
  later: (ms, then) => window.setTimeout(then, ms),
  cancel: timer => window.clearTimeout(timer),
}

const RETRY_MS = [100, 200, 400, 500, 500, 500, 500]

export class PhoneSocket {
  onconnect: () => void = () => {}
  ondisconnect: (error?: boolean, code?: number, reason?: string) => void = () => {}
  ondata: (data: string) => void = () => {}
  readonly sip_uri: string
  private transport: string
  private socket: WebSocket | null = null
  private timer: number | null = null
  private announced = false
  private tries = 0
  private wanted = false
  private unsent: string[] = []

  constructor(readonly url: string, private readonly on: { replaced: () => void; back: () => void }, private readonly w: SocketWorld = world) {
    const { protocol, host } = new URL(url)
    this.transport = protocol === 'wss:' ? 'WSS' : 'WS'
    this.sip_uri = `sip:${host};transport=${this.transport.toLowerCase()}`
  }

  get via_transport() { return this.transport }
  set via_transport(value: string) { this.transport = value.toUpperCase() }

  connect() {
    if (this.socket) return
    this.wanted = true
    this.open()
  }

  disconnect() {
    this.wanted = false
    this.announced = false
    this.unsent = []
    if (this.timer !== null) this.w.cancel(this.timer)
    this.timer = null
    const socket = this.socket
    this.socket = null
    if (socket) { socket.onclose = null; socket.close(1000) }
  }

  send(message: string): boolean {
    if (this.socket?.readyState === 1) { this.socket.send(message); return true }
    if (!this.announced) return false
    this.unsent.push(message)
    return true
  }

  isConnected() { return this.announced }
  isConnecting() { return this.wanted && !this.announced }

  private open() {
    const socket = this.w.open(this.url)
    this.socket = socket
    socket.onopen = () => this.opened(socket)
    socket.onmessage = event => { if (socket === this.socket) this.ondata(String(event.data)) }
    socket.onclose = event => { if (socket === this.socket) this.closed(event.code, event.reason) }
  }

  private opened(socket: WebSocket) {
    if (socket !== this.socket) return
    this.tries = 0
    const waiting = this.unsent
    this.unsent = []
    if (this.announced) {
      waiting.forEach(message => socket.send(message))
      this.on.back()
    } else {
      this.announced = true
      this.onconnect()
    }
  }

  private closed(code: number, reason: string) {
    this.socket = null
    if (reason === 'replaced') {
      this.wanted = false
      this.announced = false
      this.on.replaced()
      return
    }
    if (!this.wanted) return
    const wait = this.announced ? RETRY_MS[this.tries] : undefined
    if (wait === undefined) {
      this.announced = false
      this.wanted = false
      this.unsent = []
      this.tries = 0
      this.ondisconnect(true, code, reason)
      return
    }
    this.tries += 1
    this.timer = this.w.later(wait, () => { this.timer = null; this.open() })
  }
}
