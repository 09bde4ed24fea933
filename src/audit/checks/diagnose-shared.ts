/**
 * Whether a certificate was in use by several devices at once, or by one device, a gateway or a
 * provisioning step; or only looked so because the broker still held a connection that its device
 * had left. Pure; the first rule that fits decides, and its sentence names what decided.
 */
import { plural } from '../../core/text.ts';
import type { Diagnosed } from './diagnose-conflict.ts';

/** Counts over the sessions of one certificate (or principal) that overlap in the window. */
export interface SharingFacts {
  /** Pairs of overlapping sessions with different client IDs, as recorded. */
  readonly occurrences: number;
  /** Pairs that overlap while both were certainly alive as far as known. */
  readonly live_pairs: number;
  /** Of these: both ends are attested by records of the devices. */
  readonly attested_pairs: number;
  /** Live pairs left when lost sessions whose client ID never came back end with their successor. */
  readonly settled_pairs: number;
  readonly client_ids: number;
  /** Client IDs without what follows a `#`, as an SDK numbers further connections of one device. */
  readonly hash_stems: number;
  /** Client IDs without the number at their end. */
  readonly number_stems: number;
  readonly addresses: number;
  /** All sessions have an address. */
  readonly addressed: boolean;
  /** Some address is a loopback one, which tells nothing about devices. */
  readonly local: boolean;
  /** Duration of the longest of the sessions. */
  readonly longest_ms: number;
  /** Client IDs that connected with another certificate after their sessions on this one. */
  readonly moved_on: number;
  /** Sessions whose life was cut short in this reckoning by keep-alive alone. */
  readonly cut_by_keep_alive: number;
}

/** Fewer clients than this are no fleet that is being provisioned, and no gateway's many devices. */
const CROWD_MIN = 3;
/** A claim of AWS IoT lasts five minutes. */
const CLAIM_MS_MAX = 300_000;

export function diagnoseSharing(facts: SharingFacts): Diagnosed {
  return ghost(facts) ?? claim(facts) ?? numbered(facts) ?? restarted(facts) ?? shared(facts);
}

/** The devices' own records, or the keep-alive, say that no two sessions were alive together. */
function ghost({ live_pairs, cut_by_keep_alive }: SharingFacts): Diagnosed | undefined {
  if (live_pairs > 0) return undefined;
  return cut_by_keep_alive === 0
    ? {
        diagnosis: 'half-open-ghost',
        confidence: 'certain',
        because: 'whenever sessions overlap, the device had already left the older one',
      }
    : {
        diagnosis: 'half-open-ghost',
        confidence: 'likely',
        because: 'sessions overlap only while one was silent and waited for its keep-alive timeout',
      };
}

/** Provisioning by claim: everybody uses it shortly, then goes on with a certificate of their own. */
function claim({ client_ids, moved_on, longest_ms }: SharingFacts): Diagnosed | undefined {
  const typical = client_ids >= CROWD_MIN && moved_on * 2 > client_ids;
  if (!typical || longest_ms > CLAIM_MS_MAX) return undefined;
  return {
    diagnosis: 'claim-certificate',
    confidence: 'likely',
    because:
      `${plural(client_ids, 'client ID')} held it for at most ${Math.ceil(longest_ms / 1000)} s each; ` +
      `${moved_on} of them then connected with a certificate of their own`,
  };
}

/** `thing`, `thing#2`, `thing#3`: the further connections of one device. */
function numbered({ hash_stems, addresses, client_ids }: SharingFacts): Diagnosed | undefined {
  if (hash_stems > 1 || addresses > 1) return undefined;
  return {
    diagnosis: 'gateway',
    confidence: 'likely',
    because:
      `${plural(client_ids, 'client ID')} that differ only behind a #, ` +
      'from one address: further connections of one device',
  };
}

/** A new client ID at each start of the device: no record of the device says so, the times fit. */
function restarted({ settled_pairs, addresses }: SharingFacts): Diagnosed | undefined {
  if (settled_pairs > 0 || addresses > 1) return undefined;
  return {
    diagnosis: 'half-open-ghost',
    confidence: 'ambiguous',
    because:
      'every older session was lost soon after the newer one came, and its client ID never came ' +
      'back: a device that takes a new client ID at each start does so',
  };
}

function shared(facts: SharingFacts): Diagnosed {
  const { client_ids, addresses, attested_pairs, local, addressed, number_stems } = facts;
  const clients = `${plural(client_ids, 'client ID')} held it at the same time`;
  if (addresses > 1) {
    return {
      diagnosis: 'shared-certificate',
      confidence: 'certain',
      because: `${clients}, from ${addresses} addresses`,
    };
  }
  const oneAddress = addressed && addresses === 1 && !local;
  if (oneAddress && (number_stems === 1 || client_ids >= CROWD_MIN)) {
    const alike = number_stems === 1 ? ' and with client IDs that differ only in a number' : '';
    return {
      diagnosis: 'gateway',
      confidence: 'ambiguous',
      because: `${clients}, from one address${alike}: a gateway, or devices behind one address`,
    };
  }
  if (attested_pairs > 0) {
    return {
      diagnosis: 'shared-certificate',
      confidence: 'certain',
      because: `${clients}; the devices' own records agree`,
    };
  }
  const from = addresses === 0 ? 'no address is known' : 'from one address';
  return {
    diagnosis: 'shared-certificate',
    confidence: 'likely',
    because: `${clients}, ${from}: several devices, or one with several connections`,
  };
}
