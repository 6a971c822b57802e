import JsSIP from 'jssip'
import type { RTCSession } from 'jssip/lib/RTCSession'
import type { PhoneAccount } from '@/api/types'
import { constraints, storedChoice } from './devices'
import { PhoneSocket } from './socket'

export type Registration = 'off' | 'connecting' | 'registered' | 'failed' | 'replaced'
/** What the SIP leg of this page is doing; what the *call* is doing is the server's to say. */
export type LegState = 'none' | 'ringing' | 'answering' | 'talking'

export interface Quality { lossPercent: number; roundTripMs: number | null; jitterMs: number }

export interface PhoneEvents {
  registration: (state: Registration, why: string | null) => void
  leg: (state: LegState, why: string | null) => void
  muted: (muted: boolean) => void
  quality: (quality: Quality | null) => void
}

/** ICE gathering waits for nothing: one host candidate is enough to reach our own server. */
const GATHER_LIMIT_MS = 300

/** Headers by which the server asks the page to answer by itself: a click here began this call. */
interface Headers { getHeader: (name: string) => string | undefined }
const asksAutoAnswer = (request: Headers) =>
  /auto-?answer|answer-after=0/i.test(`${request.getHeader('Call-Info') ?? ''} ${request.getHeader('Alert-Info') ?? ''}`)
  || request.getHeader('Answer-Mode') === 'Auto' || request.getHeader('X-Lianxin-Reattach') !== undefined

export class Phone {
  readonly audio: HTMLAudioElement
  private ua: JsSIP.UA | null = null
  private session: RTCSession | null = null
  private stream: MediaStream | null = null
  private callStream: MediaStream | null = null
  private statsTimer: number | null = null
  private answerNext = false

  constructor(private readonly account: PhoneAccount, private readonly on: PhoneEvents) {
    this.audio = document.createElement('audio')
    this.audio.autoplay = true
    this.audio.dataset.testid = 'remote-audio'
    document.body.append(this.audio)
  }

  /** Register this page as the agent's phone. Takes the phone from an older tab. */
  start() {
    this.stop()
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
    const url = new URL(this.account.ws, location.href)
    url.protocol = scheme
    const socket = new PhoneSocket(url.href, {
      replaced: () => { this.on.registration('replaced', null); window.setTimeout(() => this.stop(), 0) },
      back: () => this.ua?.register(),
    })
    const ua = new JsSIP.UA({
      sockets: [socket as unknown as JsSIP.Socket], uri: this.account.uri, register: true, register_expires: 120,
      session_timers: false, no_answer_timeout: 180, connection_recovery_min_interval: 1, connection_recovery_max_interval: 8,
      user_agent: 'Lianxin console',
    })
    ua.on('connecting', () => this.on.registration('connecting', null))
    ua.on('registered', () => this.on.registration('registered', null))
    ua.on('unregistered', () => { if (this.ua === ua) this.on.registration('connecting', null) })
    ua.on('registrationFailed', (event: { cause?: string }) => this.on.registration('failed', event.cause ?? null))
    ua.on('disconnected', () => { if (this.ua === ua) this.on.registration('connecting', null) })
    ua.on('newRTCSession', (event: { originator: string; session: RTCSession; request: unknown }) => {
      if (event.originator === 'remote') this.incoming(event.session, asksAutoAnswer(event.request as Headers))
    })
    this.ua = ua
    ua.start()
  }

  stop() {
    const ua = this.ua
    this.ua = null
    ua?.stop()
  }

  close() {
    this.stop()
    this.releaseMicrophone()
    this.audio.remove()
  }

  /** The microphone that was tested is the one that answers: no second prompt, no delay at pick-up. */
  useMicrophone(stream: MediaStream) {
    this.releaseMicrophone()
    this.stream = stream
  }
  releaseMicrophone() {
    this.stream?.getTracks().forEach(track => track.stop())
    this.stream = null
  }
  get hasMicrophone() { return this.stream?.getAudioTracks().some(track => track.readyState === 'live') ?? false }

  async useSpeaker(device: string) {
    const routed = this.audio as HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> }
    if (routed.setSinkId) await routed.setSinkId(device).catch(() => {})
  }

  /** The next INVITE is one this page asked for (a callback by click): answer it without ringing. */
  expectOwnCall() { this.answerNext = true }

  answer() {
    const session = this.session
    if (!session || session.isEstablished() || session.isEnded()) return
    this.on.leg('answering', null)
    this.callStream = this.stream?.clone() ?? null
    const options: Parameters<RTCSession['answer']>[0] = { pcConfig: { iceServers: [], bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' } }
    if (this.callStream && this.hasMicrophone) options.mediaStream = this.callStream
    else options.mediaConstraints = { audio: constraints(storedChoice()), video: false }
    try { session.answer(options) } catch { this.ended(session, 'answer') }
  }

  /** Ends the browser's own leg; used when the server cannot be reached to do it. */
  hangUp() {
    const session = this.session
    if (!session || session.isEnded()) return
    try { session.terminate() } catch { this.ended(session, null) }
  }

  mute(muted: boolean) {
    if (!this.session) return
    if (muted) this.session.mute({ audio: true })
    else this.session.unmute({ audio: true })
    this.on.muted(muted)
  }

  digit(tone: string) {
    this.session?.sendDTMF(tone, { duration: 100, interToneGap: 70, transportType: JsSIP.C.DTMF_TRANSPORT.RFC2833 as never })
  }

  get ringing() { return this.session !== null && !this.session.isEstablished() }

  private incoming(session: RTCSession, autoAnswer: boolean) {
    // The server calls only an agent who is in no call: a leg that still stands here, it has lost.
    const old = this.session
    if (old) {
      this.ended(old, null)
      try { old.terminate() } catch { /* it is gone already */ }
    }
    this.session = session
    session.on('peerconnection', ({ peerconnection }) => this.wire(session, peerconnection))
    let limit: number | null = null
    session.on('icecandidate', ({ candidate, ready }) => {
      if (candidate.protocol === 'udp' && candidate.type === 'host') { ready(); return }
      limit ??= window.setTimeout(ready, GATHER_LIMIT_MS)
    })
    session.on('confirmed', () => { if (this.session === session) { this.on.leg('talking', null); this.watchQuality(session) } })
    session.on('ended', event => this.ended(session, event.cause))
    session.on('failed', event => this.ended(session, event.cause))
    this.on.leg('ringing', null)
    if (autoAnswer || this.answerNext) { this.answerNext = false; window.setTimeout(() => this.answer(), 0) }
  }

  private wire(session: RTCSession, connection: RTCPeerConnection) {
    connection.addEventListener('track', event => {
      if (this.session !== session) return
      this.audio.srcObject = event.streams[0] ?? new MediaStream([event.track])
      void this.audio.play().catch(() => {})
    })
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState !== 'failed' || this.session !== session) return
      this.ended(session, 'media')
      try { session.terminate() } catch { /* the far side is gone */ }
    })
  }

  private ended(session: RTCSession, why: string | null) {
    if (this.session !== session) return
    this.session = null
    this.callStream?.getTracks().forEach(track => track.stop())
    this.callStream = null
    this.audio.srcObject = null
    if (this.statsTimer !== null) window.clearInterval(this.statsTimer)
    this.statsTimer = null
    this.on.muted(false)
    this.on.quality(null)
    this.on.leg('none', why)
  }

  private watchQuality(session: RTCSession) {
    if (this.statsTimer !== null) window.clearInterval(this.statsTimer)
    this.statsTimer = window.setInterval(() => {
      void (session.connection as RTCPeerConnection | undefined)?.getStats().then(report => {
        if (this.session === session) this.on.quality(qualityOf(report))
      })
    }, 2000)
  }
}

/** What the browser's counters say about the line, in the three figures people know. */
export function qualityOf(report: { forEach: (each: (entry: Record<string, unknown>) => void) => void }): Quality {
  const quality: Quality = { lossPercent: 0, roundTripMs: null, jitterMs: 0 }
  report.forEach(entry => {
    if (entry.type === 'inbound-rtp' && entry.kind === 'audio') {
      const lost = Math.max(0, Number(entry.packetsLost ?? 0))
      const got = Number(entry.packetsReceived ?? 0)
      quality.lossPercent = lost + got > 0 ? (lost / (lost + got)) * 100 : 0
      quality.jitterMs = Number(entry.jitter ?? 0) * 1000
    }
    if (entry.type === 'candidate-pair' && entry.nominated === true && typeof entry.currentRoundTripTime === 'number') {
      quality.roundTripMs = entry.currentRoundTripTime * 1000
    }
  })
  return quality
}
