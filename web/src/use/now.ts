import { onScopeDispose, ref, type Ref } from 'vue'
import { serverNow } from '@/api/http'

const now = ref(serverNow())
let users = 0
let timer: number | null = null

/** The server's time of day, once a second, shared by all who show it. */
export function useNow(): Readonly<Ref<number>> {
  users += 1
  now.value = serverNow()
  timer ??= window.setInterval(() => { now.value = serverNow() }, 1000)
  onScopeDispose(() => {
    users -= 1
    if (users === 0 && timer !== null) { window.clearInterval(timer); timer = null }
  })
  return now
}
