/** How the console says times, lengths and numbers. The hotline lives in one time zone, whatever the browser's is. */
export const ZONE = 'Asia/Shanghai'

export type Locale = 'zh-CN' | 'en'

interface Parts { year: string; month: string; day: string; hour: string; minute: string; second: string; weekday: string }

const formats = new Map<string, Intl.DateTimeFormat>()
function parts(at: number, locale: Locale): Parts {
  let format = formats.get(locale)
  if (!format) {
    format = new Intl.DateTimeFormat(locale, {
      timeZone: ZONE, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', weekday: 'short',
    })
    formats.set(locale, format)
  }
  return Object.fromEntries(format.formatToParts(at).map(part => [part.type, part.value])) as unknown as Parts
}

const DAY = 86_400_000
const dayNumber = (at: number) => Math.floor((at + 8 * 3_600_000) / DAY)

const NEAR = { 'zh-CN': { '-1': '昨天', 0: '今天', 1: '明天' }, en: { '-1': 'yesterday', 0: 'today', 1: 'tomorrow' } } as const

/** 今天 10:05, 昨天 17:10, 11-23 08:41, 2025-11-23 08:41. */
export function saidTime(iso: string | null | undefined, now: number, locale: Locale = 'zh-CN'): string {
  const at = Date.parse(iso ?? '')
  if (Number.isNaN(at)) return '—'
  const p = parts(at, locale)
  const near = NEAR[locale][(dayNumber(at) - dayNumber(now)) as 0]
  if (near) return `${near} ${p.hour}:${p.minute}`
  const day = p.year === parts(now, locale).year ? `${p.month}-${p.day}` : `${p.year}-${p.month}-${p.day}`
  return `${day} ${p.hour}:${p.minute}`
}

/** The exact moment, for hovering: 2026-11-23 08:41:07 周一. */
export function exactTime(iso: string | null | undefined, locale: Locale = 'zh-CN'): string {
  const at = Date.parse(iso ?? '')
  if (Number.isNaN(at)) return ''
  const p = parts(at, locale)
  return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}:${p.second} ${p.weekday}`
}

/** 08:41:07 at the hotline. */
export function clockTime(iso: string, seconds = true): string {
  const at = Date.parse(iso)
  if (Number.isNaN(at)) return '—'
  const p = parts(at, 'zh-CN')
  return seconds ? `${p.hour}:${p.minute}:${p.second}` : `${p.hour}:${p.minute}`
}

/** 11 月 24 日 星期二 for the wall. */
export const longDate = (at: number, locale: Locale) =>
  new Intl.DateTimeFormat(locale, { timeZone: ZONE, month: 'long', day: 'numeric', weekday: 'long' }).format(at)

/** 00:52, 1:04:09. Never negative. */
export function length(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '—'
  const all = Math.max(0, Math.floor(seconds))
  const two = (n: number) => String(n).padStart(2, '0')
  const hours = Math.floor(all / 3600)
  const minutes = Math.floor(all / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(all % 60)}` : `${two(minutes)}:${two(all % 60)}`
}

/** 38 分钟, 3 小时 20 分, 5 天: for how long something took. */
export function tookText(seconds: number, locale: Locale): string {
  const minutes = Math.max(0, Math.round(seconds / 60))
  const zh = locale === 'zh-CN'
  if (minutes < 60) return zh ? `${minutes} 分钟` : `${minutes} min`
  if (minutes < 48 * 60) {
    const rest = minutes % 60
    const hours = Math.floor(minutes / 60)
    return zh ? `${hours} 小时${rest ? ` ${rest} 分` : ''}` : `${hours} h${rest ? ` ${rest} min` : ''}`
  }
  const days = Math.round(minutes / 1440)
  return zh ? `${days} 天` : `${days} days`
}

export const sinceSeconds = (iso: string | null | undefined, now: number): number => {
  const at = Date.parse(iso ?? '')
  return Number.isNaN(at) ? 0 : Math.max(0, (now - at) / 1000)
}

/** 138 0000 0001, 0434-1234567: as people read a number aloud. Anything else stays as it is. */
export function spacedNumber(number: string): string {
  const mobile = /^(\+?86)?(1[0-9*]{2})([0-9*]{4})([0-9*]{4})$/.exec(number)
  if (mobile) return `${mobile[2]} ${mobile[3]} ${mobile[4]}`
  const fixed = /^(0[0-9]{2,3})([0-9*]{7,8})$/.exec(number)
  return fixed ? `${fixed[1]}-${fixed[2]}` : number
}

/** A share of one as per cent: 0.961 is 96.1; a rate nobody can have yet is a dash. */
export function percent(rate: number | null | undefined, digits = 1): string {
  if (rate === null || rate === undefined || !Number.isFinite(rate)) return '—'
  return (rate * 100).toFixed(digits)
}

export const thousands = (n: number) => n.toLocaleString('en-US')
