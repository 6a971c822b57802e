/** The ring: two soft tones, one second on and two off, on the device chosen for it. */
export class Ringer {
  private context: AudioContext | null = null
  private timer: number | null = null

  start(device: string) {
    if (this.context) return
    const context = new AudioContext()
    this.context = context
    const routed = context as AudioContext & { setSinkId?: (id: string) => Promise<void> }
    if (device && routed.setSinkId) void routed.setSinkId(device).catch(() => {})
    void context.resume()
    this.ring()
    this.timer = window.setInterval(() => this.ring(), 3000)
  }

  stop() {
    if (this.timer !== null) window.clearInterval(this.timer)
    this.timer = null
    void this.context?.close()
    this.context = null
  }

  private ring() {
    const context = this.context
    if (!context) return
    for (const [index, frequency] of [[0, 660], [1, 880], [2, 660], [3, 880]] as const) {
      const tone = context.createOscillator()
      const gain = context.createGain()
      const at = context.currentTime + index * 0.22
      tone.frequency.value = frequency
      gain.gain.setValueAtTime(0, at)
      gain.gain.linearRampToValueAtTime(0.18, at + 0.02)
      gain.gain.exponentialRampToValueAtTime(0.001, at + 0.21)
      tone.connect(gain).connect(context.destination)
      tone.start(at)
      tone.stop(at + 0.22)
    }
  }
}
