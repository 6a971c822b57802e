import { onScopeDispose } from 'vue'
import { useLive } from '@/stores/live'

/** Hear a kind of live frame for as long as the component lives. */
export function useHearing<T>(kind: string, hearer: (data: T) => void) {
  onScopeDispose(useLive().hear(kind, hearer))
}

/** Fetch again when the live stream could not be resumed. */
export function useWhenStale(reload: () => void) {
  onScopeDispose(useLive().whenStale(reload))
}
