/** Microphone and headset: what there is, what was chosen, and how loud it is. */
export interface AudioChoice { microphone: string; speaker: string; ringer: string; echoCancellation: boolean; noiseSuppression: boolean; autoGainControl: boolean }

const KEY = 'lianxin.audio'
const DEFAULT: AudioChoice = { microphone: '', speaker: '', ringer: '', echoCancellation: true, noiseSuppression: true, autoGainControl: true }

export function storedChoice(): AudioChoice {
  try { return { ...DEFAULT, ...JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<AudioChoice> } } catch { return { ...DEFAULT } }
}
export function storeChoice(choice: AudioChoice) { localStorage.setItem(KEY, JSON.stringify(choice)) }

/** `?raw-audio=1` switches the browser's three sound processings off, so that a test's tone arrives as it was sent. */
export const rawAudio = () => new URLSearchParams(location.search).has('raw-audio')

export function constraints(choice: AudioChoice): MediaTrackConstraints {
  const raw = rawAudio()
  return {
    ...(choice.microphone ? { deviceId: { ideal: choice.microphone } } : {}),
    echoCancellation: !raw && choice.echoCancellation,
    noiseSuppression: !raw && choice.noiseSuppression,
    autoGainControl: !raw && choice.autoGainControl,
    channelCount: 1,
  }
}

export type MicrophoneTrouble = 'insecure' | 'denied' | 'none' | 'busy'

/** Browsers give a microphone only to pages that came over TLS or from this very machine. */
export const microphonePossible = () => window.isSecureContext && navigator.mediaDevices !== undefined

export function troubleOf(error: unknown): MicrophoneTrouble {
  const name = error instanceof DOMException || error instanceof Error ? error.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied'
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'none'
  return 'busy'
}

export const openMicrophone = (choice: AudioChoice) =>
  navigator.mediaDevices.getUserMedia({ audio: constraints(choice), video: false })

export interface Devices { microphones: MediaDeviceInfo[]; speakers: MediaDeviceInfo[] }
export async function listDevices(): Promise<Devices> {
  const all = await navigator.mediaDevices.enumerateDevices()
  return { microphones: all.filter(d => d.kind === 'audioinput'), speakers: all.filter(d => d.kind === 'audiooutput') }
}

/** 0 (silence) to 1 (full scale): root mean square of the last 40 ms, on a scale that follows the ear. */
export function levelOf(samples: Float32Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  const rms = Math.sqrt(sum / Math.max(1, samples.length))
  if (rms <= 0) return 0
  const decibel = 20 * Math.log10(rms)
  return Math.min(1, Math.max(0, (decibel + 60) / 60))
}

/** Watches a stream's loudness; gives back how to stop. */
export function watchLevel(stream: MediaStream, hear: (level: number) => void): () => void {
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  analyser.fftSize = 2048
  context.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  void context.resume()
  const timer = window.setInterval(() => { analyser.getFloatTimeDomainData(samples); hear(levelOf(samples)) }, 80)
  return () => { window.clearInterval(timer); void context.close() }
}
