import { defineStore } from 'pinia'
import { computed, ref, watchEffect } from 'vue'
import type { Locale } from '@/format'
import { i18n } from '@/i18n'
import { DEFAULT_KEYS, withKey, type KeyAction, type KeyMap } from '@/keys'

export type Theme = 'auto' | 'light' | 'dark'
interface Stored { theme: Theme; large: boolean; locale: Locale; keys: KeyMap }
const STORE = 'lianxin.prefs'

function stored(): Stored {
  const plain: Stored = { theme: 'auto', large: false, locale: 'zh-CN', keys: DEFAULT_KEYS }
  try {
    const read = JSON.parse(localStorage.getItem(STORE) ?? '{}') as Partial<Stored>
    return { ...plain, ...read, keys: { ...DEFAULT_KEYS, ...read.keys } }
  } catch { return plain }
}

/** What each person sets for this browser: colours, type size, language, keys. */
export const usePrefs = defineStore('prefs', () => {
  const start = stored()
  const theme = ref<Theme>(start.theme)
  const large = ref(start.large)
  const locale = ref<Locale>(start.locale)
  const keys = ref<KeyMap>(start.keys)
  const systemDark = ref(false)
  const dark = computed(() => theme.value === 'dark' || (theme.value === 'auto' && systemDark.value))

  const query = typeof matchMedia === 'function' ? matchMedia('(prefers-color-scheme: dark)') : null
  if (query) {
    systemDark.value = query.matches
    query.addEventListener('change', event => { systemDark.value = event.matches })
  }
  watchEffect(() => {
    const root = document.documentElement
    if (dark.value) root.dataset.theme = 'dark'
    else delete root.dataset.theme
    if (large.value) root.dataset.size = 'large'
    else delete root.dataset.size
    root.lang = locale.value
    i18n.global.locale.value = locale.value
    localStorage.setItem(STORE, JSON.stringify({ theme: theme.value, large: large.value, locale: locale.value, keys: keys.value }))
  })
  function setKey(action: KeyAction, name: string) {
    const { map, refused } = withKey(keys.value, action, name)
    keys.value = map
    return refused
  }
  function resetKeys() { keys.value = { ...DEFAULT_KEYS } }
  return { theme, large, locale, keys, dark, setKey, resetKeys }
})
