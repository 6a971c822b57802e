import { defineStore } from 'pinia'
import { ref } from 'vue'
import { API } from '@/api/http'
import { Feed, type Link } from '@/live/feed'

type Hearer = (data: unknown) => void

/** The one WebSocket of this tab; pages say which kinds they want to hear. */
export const useLive = defineStore('live', () => {
  const link = ref<Link>('connecting')
  const retryAt = ref<number | null>(null)
  const hearers = new Map<string, Set<Hearer>>()
  const reloaders = new Set<() => void>()
  let feed: Feed | null = null

  function start() {
    if (feed) return
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    feed = new Feed(`${scheme}://${location.host}${API}/live`, {
      frame: frame => hearers.get(frame.kind)?.forEach(hear => hear(frame.data)),
      snapshot: () => reloaders.forEach(reload => reload()),
      link: (now, retryIn) => { link.value = now; retryAt.value = retryIn === null ? null : Date.now() + retryIn },
    })
    feed.start()
    window.addEventListener('online', retryNow)
  }
  function stop() {
    feed?.stop()
    feed = null
    link.value = 'connecting'
    window.removeEventListener('online', retryNow)
  }
  function retryNow() { feed?.retryNow() }

  /** Hear one kind of frame; gives back how to stop. */
  function hear<T>(kind: string, hearer: (data: T) => void): () => void {
    const set = hearers.get(kind) ?? new Set()
    hearers.set(kind, set)
    set.add(hearer as Hearer)
    return () => set.delete(hearer as Hearer)
  }
  /** What to fetch again after a break that could not be resumed. */
  function whenStale(reload: () => void): () => void {
    reloaders.add(reload)
    return () => reloaders.delete(reload)
  }
  return { link, retryAt, start, stop, retryNow, hear, whenStale }
})
