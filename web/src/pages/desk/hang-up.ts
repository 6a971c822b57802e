import { useDesk } from '@/stores/desk'
import { usePhone } from '@/stores/phone'

/** Hang up on the server, which owns the call; only where it cannot be reached does the page end its own leg. */
export function useHangUp() {
  const desk = useDesk()
  const phone = usePhone()
  return async () => {
    try { await desk.hangUp() } catch { phone.dropLeg() }
  }
}
