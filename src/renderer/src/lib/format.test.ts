import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatClock,
  formatLength,
  formatPercent,
  formatSpan,
  formatMoney,
  formatQuote,
} from './format.ts'

describe('figures in sight', () => {
  it('tell lengths of media', () => {
    expect([0.24, 7.34, 59.96, 60, 3605].map((seconds) => formatLength(seconds, 'en'))).toEqual([
      '0.2s',
      '7.3s',
      '60s',
      '1:00',
      '1:00:05',
    ])
    expect(formatLength(7.3, 'zh')).toBe('7.3秒')
    expect(formatClock(-1)).toBe('0:00')
  })

  it('tell estimates coarsely, never as nothing', () => {
    expect([0, 41, 90, 3595, 3600, 7500, 86_399].map((seconds) => formatSpan(seconds, 'en'))).toEqual([
      '5 sec',
      '45 sec',
      '2 min',
      '1 hr',
      '1 hr',
      '2 hr 5 min',
      '24 hr',
    ])
  })

  it('tell sizes in decimal units, and 0 only for an empty file', () => {
    expect([0, 1, 270, 161_400, 50_000_000, 2_300_000_000].map((bytes) => formatBytes(bytes, 'en'))).toEqual([
      '0 kB',
      '0.1 kB',
      '0.3 kB',
      '161 kB',
      '50 MB',
      '2.3 GB',
    ])
  })

  it('never round progress up to an end that is not reached', () => {
    expect([0, 0.994, 0.9999, 1].map((fraction) => formatPercent(fraction, 'en'))).toEqual(['0%', '99%', '99%', '100%'])
  })

  it('keep the digits that make small sums differ, and never show nothing for something', () => {
    expect([0, 0.004, 0.0086, 0.108, 6.4, 1234.5].map((amount) => formatMoney(amount, 'CNY', 'en'))).toEqual([
      '¥0.00',
      '¥0.004',
      '¥0.0086',
      '¥0.108',
      '¥6.40',
      '¥1,234.50',
    ])
    expect(formatMoney(6.4, 'USD', 'zh')).toBe('$6.40')
  })

  it('show a price from low to high, and once where both are the same', () => {
    expect(formatQuote({ low: 0.088, high: 0.108, currency: 'CNY' }, 'en')).toBe('¥0.088 – ¥0.108')
    expect(formatQuote({ low: 0.968, high: 1.188, currency: 'CNY' }, 'en')).toBe('¥0.968 – ¥1.188')
    expect(formatQuote({ low: 0.125, high: 0.5, currency: 'CNY' }, 'zh')).toBe('¥0.125 – ¥0.500')
    expect(formatQuote({ low: 2, high: 2, currency: 'CNY' }, 'en')).toBe('¥2.00')
  })
})
