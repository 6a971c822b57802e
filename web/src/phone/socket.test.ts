import { beforeEach, describe, expect, it } from 'vitest'
import { PhoneSocket } from './socket'

class Wire {
  readyState = 0
  sent: string[] = []
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  send(text: string) { this.sent.push(text) }
  close() { this.readyState = 3 }
  accept() { this.readyState = 1; this.onopen?.() }
  drop(reason = '') { this.readyState = 3; this.onclose?.({ code: 1006, reason }) }
}

let wires: Wire[]
let timers: (() => void)[]
let said: string[]
let phone: PhoneSocket
const newest = () => wires[wires.length - 1]!
const tick = () => timers.shift()!()

beforeEach(() => {
  wires = []; timers = []; said = []
  phone = new PhoneSocket('ws://127.0.0.1:8080/api/v1/phone', { replaced: () => said.push('replaced'), back: () => said.push('back') }, {
    open: () => { const wire = new Wire(); wires.push(wire); return wire as unknown as WebSocket },
    later: (_, then) => timers.push(then),
    cancel: () => {},
  })
  phone.onconnect = () => said.push('connect')
  phone.ondisconnect = () => said.push('disconnect')
  phone.connect()
  newest().accept()
})

describe('the phone’s socket', () => {
  it('tells the SIP stack nothing of a break that is over at once', () => {
    newest().drop()
    tick()
    newest().accept()
    expect(said).toEqual(['connect', 'back'])
    expect(phone.isConnected()).toBe(true)
  })
  it('keeps what was said during the break and sends it in order', () => {
    newest().drop()
    expect(phone.send('BYE 1')).toBe(true)
    expect(phone.send('BYE 2')).toBe(true)
    tick()
    newest().accept()
    expect(newest().sent).toEqual(['BYE 1', 'BYE 2'])
  })
  it('reports a break that lasts', () => {
    newest().drop()
    for (let i = 0; i < 7; i += 1) { tick(); newest().drop() }
    expect(said).toEqual(['connect', 'disconnect'])
    expect(phone.isConnected()).toBe(false)
    expect(phone.send('OPTIONS')).toBe(false)
  })
  it('does not fight for a phone that another tab has taken', () => {
    newest().drop('replaced')
    expect(said).toEqual(['connect', 'replaced'])
    expect(timers).toEqual([])
    expect(wires).toHaveLength(1)
  })
  it('stays closed when it was closed here', () => {
    phone.disconnect()
    expect(timers).toEqual([])
    expect(phone.isConnected()).toBe(false)
  })
  it('names itself as JsSIP wants it', () => {
    expect(phone.sip_uri).toBe('sip:127.0.0.1:8080;transport=ws')
    expect(phone.via_transport).toBe('WS')
  })
})
