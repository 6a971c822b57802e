import { createI18n } from 'vue-i18n'
import type { Locale } from '@/format'
import en from './en'
import zh from './zh'

export type Words = typeof zh

export const i18n = createI18n<[Words], Locale, false>({
  legacy: false, locale: 'zh-CN', fallbackLocale: 'zh-CN', messages: { 'zh-CN': zh, en },
})

/** The word for a value the server sent; a value this page does not know yet is shown as it came. */
export function wordFor(group: string, value: string | number | null | undefined): string {
  if (value === null || value === undefined || value === '') return '—'
  const key = `${group}.${value}`
  return i18n.global.te(key) || i18n.global.te(key, 'zh-CN') ? i18n.global.t(key) : String(value)
}
