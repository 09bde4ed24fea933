/**
 * How a client-ID conflict came about, as far as the evidence tells. AWS reports two rival devices
 * and one device with a half-open connection alike; these are cured differently. Pure.
 */
import { plural } from '../../core/text.ts';
import type { FindingDetail } from '../finding.ts';

/** Counts over the takeovers of one client ID in the window. */
export interface ConflictFacts {
  readonly occurrences: number;
  /** Victim and taker were different principals. */
  readonly crossed: number;
  /** Of these: their addresses differed too. */
  readonly crossed_moved: number;
  /** Of these: the victim's principal connected again later. */
  readonly returned: number;
  /** One principal, two addresses. */
  readonly moved: number;
  /** One principal, and the victim's device still held its connection. */
  readonly alive: number;
  /** One principal, and the victim's device had let go of its connection before. */
  readonly gone: number;
  /** Of these: the principal is known to be one certificate. */
  readonly gone_certificate: number;
  /** Takeovers that no source stated, and whose victim had not abandoned its connection. */
  readonly guessed: number;
  /** Victim or taker has no known principal. */
  readonly nameless: number;
}

export type Diagnosed = Pick<FindingDetail, 'diagnosis' | 'confidence' | 'because'>;

/** The first rule that fits decides; the strongest evidence comes first. */
export function diagnoseConflict(facts: ConflictFacts): Diagnosed {
  return byPrincipals(facts) ?? byDevices(facts) ?? byAddresses(facts) ?? unknown(facts);
}

function byPrincipals({ crossed, crossed_moved, returned }: ConflictFacts): Diagnosed | undefined {
  if (crossed === 0) return undefined;
  if (returned > 0) {
    return {
      diagnosis: 'rival-devices',
      confidence: 'certain',
      because: `different principals evict one another; ${plural(returned, 'victim')} came back`,
    };
  }
  if (crossed === 1 && crossed_moved === 0) {
    return {
      diagnosis: 'certificate-rotation',
      confidence: 'likely',
      because: 'one principal replaced another once, and the first never came back',
    };
  }
  return {
    diagnosis: 'rival-devices',
    confidence: 'likely',
    because:
      crossed > 1
        ? `${crossed} takeovers by another principal, though no victim came back`
        : 'another principal took over from another address',
  };
}

function byDevices(facts: ConflictFacts): Diagnosed | undefined {
  const { occurrences, alive, gone, gone_certificate, guessed } = facts;
  if (gone > 0 && alive === 0 && guessed < occurrences) {
    const all = gone_certificate === occurrences;
    return {
      diagnosis: 'half-open-reconnect',
      confidence: all ? 'certain' : 'likely',
      because:
        `one principal; in ${gone} of ${plural(occurrences, 'takeover')} the device had let go of ` +
        'the old connection before the new one was made',
    };
  }
  if (alive > 0 && occurrences > 1) {
    return {
      diagnosis: 'rival-devices',
      confidence: 'likely',
      because:
        `one principal, but in ${alive} of ${plural(occurrences, 'takeover')} the victim's end was ` +
        'still alive, and takeovers went on',
    };
  }
  return undefined;
}

function byAddresses({ moved }: ConflictFacts): Diagnosed | undefined {
  if (moved === 0) return undefined;
  return {
    diagnosis: 'rival-devices',
    confidence: 'likely',
    because: `one principal, but ${plural(moved, 'takeover')} came from another address`,
  };
}

function unknown({ guessed, occurrences, nameless }: ConflictFacts): Diagnosed {
  const because =
    guessed === occurrences
      ? 'no source states a takeover; a device’s own quick reconnect looks the same'
      : nameless === occurrences
        ? 'the principals are not known'
        : 'one principal, and nothing tells two devices with one identity from one device with a ' +
          'half-open connection';
  return { diagnosis: 'ambiguous', confidence: 'ambiguous', because };
}
