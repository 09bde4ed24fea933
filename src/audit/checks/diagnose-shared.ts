/**
 * Whether a certificate was in use by several clients at once, or only looked so because the broker
 * still held a connection that its device had left. Pure.
 */
import { plural } from '../../core/text.ts';
import type { Diagnosed } from './diagnose-conflict.ts';

/** Counts over the sessions of one certificate in the window. */
export interface SharingFacts {
  /** Pairs of overlapping sessions with different client IDs, as recorded. */
  readonly occurrences: number;
  /** Pairs that overlap while both were certainly alive as far as known. */
  readonly live_pairs: number;
  /** Of these: both ends are attested by records of the devices. */
  readonly attested_pairs: number;
  readonly client_ids: number;
  readonly addresses: number;
  /** Sessions whose life was cut short in this reckoning by keep-alive alone. */
  readonly cut_by_keep_alive: number;
}

export function diagnoseSharing(facts: SharingFacts): Diagnosed {
  if (facts.live_pairs === 0) {
    return facts.cut_by_keep_alive === 0
      ? {
          diagnosis: 'half-open-ghost',
          confidence: 'certain',
          because: 'whenever sessions overlap, the device had already left the older one',
        }
      : {
          diagnosis: 'half-open-ghost',
          confidence: 'likely',
          because:
            'sessions overlap only while one was silent and waited for its keep-alive timeout',
        };
  }
  const clients = `${plural(facts.client_ids, 'client ID')} held it at the same time`;
  if (facts.addresses > 1) {
    return {
      diagnosis: 'shared-certificate',
      confidence: 'certain',
      because: `${clients}, from ${facts.addresses} addresses`,
    };
  }
  return facts.attested_pairs > 0
    ? {
        diagnosis: 'shared-certificate',
        confidence: 'certain',
        because: `${clients}; the devices' own records agree`,
      }
    : {
        diagnosis: 'shared-certificate',
        confidence: 'likely',
        because: `${clients}, from one address: several devices, or one with several connections`,
      };
}
