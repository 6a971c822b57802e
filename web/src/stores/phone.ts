import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { desk } from '@/api/client'
import { listDevices, microphonePossible, openMicrophone, storeChoice, storedChoice, troubleOf, watchLevel, type AudioChoice, type MicrophoneTrouble } from '@/phone/devices'
import type { LegState, Phone, Quality, Registration } from '@/phone/phone'
import { Ringer } from '@/phone/ringer'

/** This browser as a telephone: its registration, its leg of the call, its microphone. */
export const usePhone = defineStore('phone', () => {
  const registration = ref<Registration>('off')
  const failedWhy = ref<string | null>(null)
  const leg = ref<LegState>('none')
  const muted = ref(false)
  const quality = ref<Quality | null>(null)
  const choice = ref<AudioChoice>(storedChoice())
  const microphones = shallowRef<MediaDeviceInfo[]>([])
  const speakers = shallowRef<MediaDeviceInfo[]>([])
  const trouble = ref<MicrophoneTrouble | null>(microphonePossible() ? null : 'insecure')
  const level = ref(0)
  const peak = ref(0)
  const live = ref(false)
  const ringer = new Ringer()
  let phone: Phone | null = null
  let stopLevel: (() => void) | null = null
  let stream: MediaStream | null = null

  async function start() {
    if (phone) return
    const [account, { Phone }] = await Promise.all([desk.account(), import('@/phone/phone')])
    if (phone) return
    phone = new Phone(account, {
      registration: (state, why) => { registration.value = state; failedWhy.value = why },
      leg: state => { leg.value = state; if (state === 'ringing') ringer.start(choice.value.ringer); else ringer.stop() },
      muted: now => { muted.value = now },
      quality: now => { quality.value = now },
    })
    if (stream) phone.useMicrophone(stream)
    void phone.useSpeaker(choice.value.speaker)
    phone.start()
  }
  /** Take the phone back from the other tab. */
  function takeHere() { phone?.start() }
  function stop() {
    closeMicrophone()
    ringer.stop()
    phone?.close()
    phone = null
    registration.value = 'off'
    leg.value = 'none'
  }

  async function refreshDevices() {
    if (!microphonePossible()) return
    const found = await listDevices()
    microphones.value = found.microphones
    speakers.value = found.speakers
  }

  /** Opens the chosen microphone and shows its level; the same open microphone answers the calls. */
  async function openMic(): Promise<boolean> {
    if (!microphonePossible()) { trouble.value = 'insecure'; return false }
    closeMicrophone()
    try {
      stream = await openMicrophone(choice.value)
      trouble.value = null
      live.value = true
      phone?.useMicrophone(stream)
      stream.getAudioTracks()[0]?.addEventListener('ended', () => { live.value = false; trouble.value = 'none' })
      peak.value = 0
      stopLevel = watchLevel(stream, now => { level.value = now; peak.value = Math.max(peak.value, now) })
      await refreshDevices()
      return true
    } catch (error) {
      trouble.value = troubleOf(error)
      return false
    }
  }
  function closeMicrophone() {
    stopLevel?.()
    stopLevel = null
    level.value = 0
    live.value = false
    if (phone) phone.releaseMicrophone()
    else stream?.getTracks().forEach(track => track.stop())
    stream = null
  }
  async function choose(change: Partial<AudioChoice>) {
    choice.value = { ...choice.value, ...change }
    storeChoice(choice.value)
    if ('speaker' in change) await phone?.useSpeaker(choice.value.speaker)
    else if (!('ringer' in change) && live.value) await openMic()
  }
  const answer = () => phone?.answer()
  const dropLeg = () => phone?.hangUp()
  const toggleMute = () => phone?.mute(!muted.value)
  const digit = (tone: string) => phone?.digit(tone)
  const expectOwnCall = () => phone?.expectOwnCall()
  return { registration, failedWhy, leg, muted, quality, choice, microphones, speakers, trouble, level, peak, live, start, stop, takeHere, refreshDevices, openMic, closeMicrophone, choose, answer, dropLeg, toggleMute, digit, expectOwnCall }
})
