import { readFileSync, writeFileSync } from 'node:fs'

/** Plain PCM WAV, as our recordings and fixtures are. */
export interface Wav { rate: number; channels: number; samples: Int16Array[] }

export function readWav(path: string): Wav {
  const file = readFileSync(path)
  let at = 12
  let rate = 0
  let channels = 0
  while (at + 8 <= file.length) {
    const name = file.toString('latin1', at, at + 4)
    const size = Math.min(file.readUInt32LE(at + 4), file.length - at - 8)
    if (name === 'fmt ') { channels = file.readUInt16LE(at + 10); rate = file.readUInt32LE(at + 12) }
    if (name === 'data') {
      const frames = Math.floor(size / (2 * channels))
      const samples = Array.from({ length: channels }, () => new Int16Array(frames))
      for (let n = 0; n < frames; n += 1) for (let c = 0; c < channels; c += 1) samples[c]![n] = file.readInt16LE(at + 8 + 2 * (n * channels + c))
      return { rate, channels, samples }
    }
    at += 8 + size + (size % 2)
  }
  throw new Error(`${path}: no data`)
}

/** One track as the 48 kHz mono file that Chromium's fake microphone wants. */
export function writeMicrophone(path: string, track: Int16Array, rate: number) {
  const step = rate / 48_000
  const frames = Math.floor(track.length / step)
  const out = Buffer.alloc(44 + frames * 2)
  out.write('RIFF', 0)
  out.writeUInt32LE(36 + frames * 2, 4)
  out.write('WAVEfmt ', 8)
  out.writeUInt32LE(16, 16)
  out.writeUInt16LE(1, 20)
  out.writeUInt16LE(1, 22)
  out.writeUInt32LE(48_000, 24)
  out.writeUInt32LE(96_000, 28)
  out.writeUInt16LE(2, 32)
  out.writeUInt16LE(16, 34)
  out.write('data', 36)
  out.writeUInt32LE(frames * 2, 40)
  for (let n = 0; n < frames; n += 1) {
    const at = n * step
    const left = Math.floor(at)
    const a = track[left] ?? 0
    const b = track[left + 1] ?? a
    out.writeInt16LE(Math.round(a + (b - a) * (at - left)), 44 + n * 2)
  }
  writeFileSync(path, out)
}

/** Root mean square of the loudest second. */
export function loudest(track: Int16Array, rate: number): number {
  let most = 0
  for (let from = 0; from + rate <= track.length; from += rate / 4) {
    let sum = 0
    for (let n = from; n < from + rate; n += 1) sum += track[n]! ** 2
    most = Math.max(most, Math.sqrt(sum / rate))
  }
  return most
}
