import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { session as api } from '@/api/client'
import { asApiError } from '@/api/http'
import type { Me } from '@/api/types'
import { homeOf, placesOf } from '@/permissions'
import { useLive } from './live'

/** Who is signed in. `known` is false until the server has been asked once. */
export const useSession = defineStore('session', () => {
  const me = ref<Me | null>(null)
  const known = ref(false)
  const expired = ref(false)
  const places = computed(() => placesOf(me.value))
  const home = computed(() => (me.value ? homeOf(me.value) : null))

  function begin(person: Me) {
    me.value = person
    known.value = true
    expired.value = false
    useLive().start()
  }
  function forget() {
    me.value = null
    known.value = true
    useLive().stop()
  }
  async function restore() {
    if (known.value) return
    try {
      begin(await api.me())
    } catch (error) {
      if (asApiError(error).status === 0) throw error
      forget()
    }
  }
  async function signIn(name: string, password: string, code?: string) { begin(await api.login(name, password, code)) }
  async function signOut() {
    try { await api.logout() } finally { forget() }
  }
  function lost() {
    if (!me.value) return
    expired.value = true
    forget()
  }
  return { me, known, expired, places, home, restore, signIn, signOut, lost }
})
