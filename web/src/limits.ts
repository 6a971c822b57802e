/** A limit as the flow files write it (`BH 4h`, `WD-EOD 3`, `WALL 30m`, `CD 7`), taken apart for the words of a language. */
export interface LimitPart { key: 'working_hours' | 'working_minutes' | 'working_days' | 'rolling_days' | 'hours' | 'minutes' | 'days' | 'seconds'; n: number }

export function limitPart(word: string | null | undefined): LimitPart | null {
  const [runs, amount = ''] = (word ?? '').split(' ')
  const n = Number.parseFloat(amount)
  if (Number.isNaN(n)) return null
  const unit = amount.at(-1)
  switch (runs) {
    case 'BH': return { key: unit === 'm' ? 'working_minutes' : 'working_hours', n }
    case 'WD-EOD': case 'WD': return { key: 'working_days', n }
    case 'WD-ROLL': return { key: 'rolling_days', n }
    case 'CD': case 'CD-ROLL': return { key: 'days', n }
    case 'WALL': return { key: unit === 'm' ? 'minutes' : unit === 's' ? 'seconds' : 'hours', n }
    default: return null
  }
}
