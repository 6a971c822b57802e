import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { asApiError, type ApiError } from '@/api/http'
import type { Page } from '@/api/types'

export interface Loaded<T> { data: ShallowRef<T | null>; error: Ref<ApiError | null>; loading: Ref<boolean>; reload: () => Promise<void> }

/** Fetches something, keeps the newest answer only, and keeps showing the old one while fetching again. */
export function useLoad<T>(fetch: () => Promise<T>): Loaded<T> {
  const data = shallowRef<T | null>(null)
  const error = ref<ApiError | null>(null) as Ref<ApiError | null>
  const loading = ref(false)
  let turn = 0
  onScopeDispose(() => { turn = -1 })
  async function reload() {
    if (turn < 0) return
    const mine = ++turn
    loading.value = true
    try {
      const got = await fetch()
      if (mine === turn) { data.value = got; error.value = null }
    } catch (thrown) {
      if (mine === turn) error.value = asApiError(thrown)
    } finally {
      if (mine === turn) loading.value = false
    }
  }
  return { data, error, loading, reload }
}

export interface Listed<T> { items: Ref<T[]>; next: Ref<string | null>; error: Ref<ApiError | null>; loading: Ref<boolean>; fresh: Ref<boolean>; reload: () => Promise<void>; more: () => Promise<void> }

/** A list read page by page by its cursor. */
export function usePaged<T>(fetch: (cursor: string | null) => Promise<Page<T>>): Listed<T> {
  const items = shallowRef<T[]>([])
  const next = ref<string | null>(null)
  const error = ref<ApiError | null>(null) as Ref<ApiError | null>
  const loading = ref(false)
  const fresh = ref(false)
  let turn = 0
  async function run(cursor: string | null) {
    const mine = ++turn
    loading.value = true
    try {
      const page = await fetch(cursor)
      if (mine !== turn) return
      items.value = cursor === null ? page.items : [...items.value, ...page.items]
      next.value = page.next
      error.value = null
      fresh.value = true
    } catch (thrown) {
      if (mine === turn) error.value = asApiError(thrown)
    } finally {
      if (mine === turn) loading.value = false
    }
  }
  return { items, next, error, loading, fresh, reload: () => run(null), more: () => (next.value ? run(next.value) : Promise.resolve()) }
}
