import { describe, expect, it } from 'vitest'
import { saidDate, sentence, tidyNumber } from './words'

const NOW = Date.parse('2026-11-24T02:00:00Z') // Tuesday morning in Siping

describe('dates on the public page', () => {
  it('are said with the weekday people would use', () => {
    expect(saidDate('2026-11-24T09:30:00Z', NOW, 'zh-CN')).toBe('11 月 24 日（今天）')
    expect(saidDate('2026-11-27T09:30:00Z', NOW, 'zh-CN')).toBe('11 月 27 日（本周五）')
    expect(saidDate('2026-11-30T09:30:00Z', NOW, 'zh-CN')).toBe('11 月 30 日（下周一）')
    expect(saidDate('2026-12-16T09:30:00Z', NOW, 'zh-CN')).toBe('12 月 16 日（周三）')
  })
  it('count days at the hotline, not at the browser', () => {
    expect(saidDate('2026-11-24T16:30:00Z', NOW, 'zh-CN')).toBe('11 月 25 日（明天）')
  })
  it('are told in English too', () => {
    expect(saidDate('2026-11-30T09:30:00Z', NOW, 'en')).toBe('Monday, November 30')
  })
})

describe('a typed number', () => {
  it('may come with SP, hyphens, spaces and full-width digits', () => {
    expect(tidyNumber('SP20261123-0452-6')).toBe('2026112304526')
    expect(tidyNumber('２０２６ 1123 0452 6')).toBe('2026112304526')
  })
})

describe('the sentence on top', () => {
  it('says what happens with the matter', () => {
    expect(sentence({ headline: '阳光小区暖气不热', state: '办理中', sealed: false })).toBe('您反映的“阳光小区暖气不热”正在办理')
  })
  it('does not name a sealed matter', () => {
    expect(sentence({ headline: '您登记的事项', state: '已办结', sealed: true })).toBe('您登记的事项已办结')
  })
  it('stays as the server said it in a state it does not know', () => {
    expect(sentence({ headline: '正在核实', state: '?', sealed: false })).toBe('正在核实')
  })
})
