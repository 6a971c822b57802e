import { describe, expect, it } from 'vitest'
import { clockTime, exactTime, length, percent, saidTime, sinceSeconds, spacedNumber, tookText } from './format'

const NOW = Date.parse('2026-11-24T02:12:00Z') // 10:12 in Siping

describe('times are said as people say them', () => {
  it('names today, yesterday and tomorrow in the hotline’s own zone', () => {
    expect(saidTime('2026-11-24T02:05:00Z', NOW)).toBe('今天 10:05')
    expect(saidTime('2026-11-23T15:59:00Z', NOW)).toBe('昨天 23:59')
    expect(saidTime('2026-11-23T16:00:00Z', NOW)).toBe('今天 00:00')
    expect(saidTime('2026-11-25T09:30:00Z', NOW, 'en')).toBe('tomorrow 17:30')
  })
  it('drops the year within this year and keeps it beyond', () => {
    expect(saidTime('2026-11-20T00:41:00Z', NOW)).toBe('11-20 08:41')
    expect(saidTime('2025-12-31T15:59:00Z', NOW)).toBe('2025-12-31 23:59')
  })
  it('shows a dash for no time', () => {
    expect(saidTime(null, NOW)).toBe('—')
    expect(exactTime(undefined)).toBe('')
    expect(clockTime('nonsense')).toBe('—')
  })
  it('gives the exact moment on hover', () => {
    expect(exactTime('2026-11-23T00:41:07Z')).toBe('2026-11-23 08:41:07 周一')
  })
})

describe('lengths', () => {
  it('count minutes and seconds, and hours when there are any', () => {
    expect(length(52)).toBe('00:52')
    expect(length(246.9)).toBe('04:06')
    expect(length(3849)).toBe('1:04:09')
    expect(length(-3)).toBe('00:00')
    expect(length(null)).toBe('—')
  })
  it('are told in words', () => {
    expect(tookText(28 * 60, 'zh-CN')).toBe('28 分钟')
    expect(tookText(200 * 60, 'zh-CN')).toBe('3 小时 20 分')
    expect(tookText(5 * 86400, 'en')).toBe('5 days')
  })
  it('since a moment in the future are zero', () => {
    expect(sinceSeconds('2026-11-24T02:12:30Z', NOW)).toBe(0)
  })
})

describe('numbers', () => {
  it('are grouped as they are read aloud', () => {
    expect(spacedNumber('13800000001')).toBe('138 0000 0001')
    expect(spacedNumber('+8613800000001')).toBe('138 0000 0001')
    expect(spacedNumber('138****0001')).toBe('138 **** 0001')
    expect(spacedNumber('04341234567')).toBe('0434-1234567')
    expect(spacedNumber('12345')).toBe('12345')
  })
  it('shares become percentages', () => {
    expect(percent(0.961)).toBe('96.1')
    expect(percent(1)).toBe('100.0')
    expect(percent(null)).toBe('—')
  })
})
