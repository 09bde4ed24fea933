/** A compared value as people read it, with its unit. Pure. */
import { formatDuration } from '../core/time.ts';
import type { EffectUnit } from '../effects/effect-rows.ts';
import type { ComparedValue } from './comparison.ts';

/** `–` for what was not measured; `0` and `no` are measured. */
export function comparedValue(value: ComparedValue, unit: EffectUnit): string {
  if (value === undefined) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  switch (unit) {
    case 'count':
      return rounded(value, 0);
    case 'ms':
      return formatDuration(value);
    case 'per-second':
      return `${rounded(value, 1)}/s`;
    case 'per-minute':
      return `${rounded(value, 1)}/min`;
    case 'share':
      return `${rounded(100 * value, 1)} %`;
    case 'yes-no':
      return value === 0 ? 'no' : 'yes';
  }
}

function rounded(value: number, digits: number): string {
  return Number(value.toFixed(digits)).toLocaleString('en-US');
}
