const MINUTE_SECONDS = 60
const HOUR_SECONDS = 3600

/** `0:07`, `3:05`, `1:02:09`. */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  const hours = Math.floor(whole / HOUR_SECONDS)
  const minutes = Math.floor((whole % HOUR_SECONDS) / MINUTE_SECONDS)
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % MINUTE_SECONDS)}`
    : `${minutes}:${two(whole % MINUTE_SECONDS)}`
}

/** A length of media: `7.3 s` below a minute, else a clock. */
export function formatLength(seconds: number, language: string): string {
  if (seconds >= MINUTE_SECONDS) return formatClock(seconds)
  const options = { style: 'unit', unit: 'second', unitDisplay: 'narrow', maximumFractionDigits: 1 } as const
  return new Intl.NumberFormat(language, options).format(seconds)
}

/** A coarse span of time for an estimate: `40 sec`, `7 min`, `2 hr 5 min`. */
export function formatSpan(seconds: number, language: string): string {
  const unit = (value: number, name: 'second' | 'minute' | 'hour') =>
    new Intl.NumberFormat(language, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value)
  if (seconds < MINUTE_SECONDS) return unit(Math.max(5, Math.ceil(seconds / 5) * 5), 'second')
  // Rounded before it is split, so that no hour has 60 minutes.
  const whole = Math.round(seconds / MINUTE_SECONDS)
  if (whole < 60) return unit(whole, 'minute')
  const minutes = whole % 60
  const hours = unit(Math.floor(whole / 60), 'hour')
  return minutes === 0 ? hours : `${hours} ${unit(minutes, 'minute')}`
}

const BYTE_UNITS = ['kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

/** Decimal units, as file managers show them; never less than a tenth of a kilobyte for a file that holds something. */
export function formatBytes(bytes: number, language: string): string {
  let value = bytes / 1000
  let index = 0
  while (value >= 1000 && index < BYTE_UNITS.length - 1) {
    value /= 1000
    index += 1
  }
  const unit = BYTE_UNITS[index] ?? 'kilobyte'
  const shown = bytes > 0 ? Math.max(0.1, value) : 0
  const maximumFractionDigits = shown < 10 ? 1 : 0
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits }).format(
    shown,
  )
}

export function formatPercent(fraction: number, language: string): string {
  return new Intl.NumberFormat(language, { style: 'percent' }).format(Math.floor(fraction * 100) / 100)
}

type Currency = 'CNY' | 'USD'

/** Small sums keep the digits that make them differ. */
const digitsOf = (amount: number): number => (Math.abs(amount) < 1 ? 4 : 2)

/** `¥6.40`, `¥0.0046`. */
export function formatMoney(
  amount: number,
  currency: Currency,
  language: string,
  maximumFractionDigits = digitsOf(amount),
  minimumFractionDigits = 2,
): string {
  return new Intl.NumberFormat(language, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits,
    maximumFractionDigits,
  }).format(amount)
}

/** A price from its low to its high end, both to the same digit; one sum where they are the same. */
export function formatQuote(
  { low, high, currency }: { readonly low: number; readonly high: number; readonly currency: Currency },
  language: string,
): string {
  const most = digitsOf(low)
  const decimals = (amount: number): number => (amount.toFixed(most).replace(/0+$/, '').split('.')[1] ?? '').length
  const least = Math.max(2, decimals(low), decimals(high))
  const shown = [low, high].map((amount) => formatMoney(amount, currency, language, most, least))
  return [...new Set(shown)].join(' – ')
}

/** A day and a time of it. */
export function formatMoment(epochMs: number, language: string): string {
  return new Intl.DateTimeFormat(language, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(epochMs)
}
