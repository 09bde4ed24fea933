/**
 * Who fought over a client ID: rival devices, two clients of one device, a stranger with another
 * kind of principal, one device that rotated its certificate, or one device with a half-open
 * connection. Pure; the strongest evidence comes first, the first rule that fits decides, and its
 * sentence names what decided.
 */
import { plural } from '../../core/text.ts';
import type { FindingDetail } from '../finding.ts';

/**
 * A rival comes back within its back-off, of which SDKs have up to 128 s; a connection that only the
 * broker still held never does.
 */
export const RIVAL_RETURN_MS = 300_000;

/** Counts over the takeovers of one client ID in the window. */
export interface ConflictFacts {
  readonly occurrences: number;
  /** Victim and taker were different principals. */
  readonly crossed: number;
  /** Of these: their addresses differed too. */
  readonly crossed_moved: number;
  /** Of these: the taker was then left alone for {@link RIVAL_RETURN_MS}. */
  readonly crossed_undisputed: number;
  /** Different principals among the victims of these. */
  readonly crossed_victims: number;
  /** Of these: one of the two was a certificate and the other something else. */
  readonly foreign_takers: number;
  /** Of the crossed ones: the victim's principal connected again later. */
  readonly returned: number;
  /** One principal, two addresses. */
  readonly moved: number;
  /** One principal, and the victim's device still held its connection. */
  readonly alive: number;
  /** One principal, and the victim's device had let go of its connection before. */
  readonly gone: number;
  /** Of these: the principal is known to be one certificate. */
  readonly gone_certificate: number;
  /** One principal, and the taker was then left alone for {@link RIVAL_RETURN_MS}. */
  readonly undisputed: number;
  /** One principal, and the taker's keep-alive differs from the victim's. */
  readonly retuned: number;
  /** Different addresses of the victims. */
  readonly addresses: number;
  /** Some address is a loopback one, which tells nothing about devices. */
  readonly local: boolean;
  /** Takeovers that no source stated, and whose victim had not abandoned its connection. */
  readonly guessed: number;
  /** Victim or taker has no known principal. */
  readonly nameless: number;
}

export type Diagnosed = Pick<FindingDetail, 'diagnosis' | 'confidence' | 'because'>;

export function diagnoseConflict(facts: ConflictFacts): Diagnosed {
  return (
    byForeigners(facts) ??
    byPrincipals(facts) ??
    bySettings(facts) ??
    byDevices(facts) ??
    byPeace(facts) ??
    byAddresses(facts) ??
    unknown(facts)
  );
}

function byForeigners({ foreign_takers, returned }: ConflictFacts): Diagnosed | undefined {
  if (foreign_takers === 0) return undefined;
  const again = returned > 0 ? `; ${plural(returned, 'victim')} came back` : '';
  return {
    diagnosis: 'foreign-principal',
    confidence: returned > 0 ? 'certain' : 'likely',
    because: `a principal that is no certificate took turns with one that is${again}`,
  };
}

function byPrincipals(facts: ConflictFacts): Diagnosed | undefined {
  const { crossed, crossed_moved, crossed_undisputed, crossed_victims, returned } = facts;
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
  const oneAfterAnother = crossed_victims === crossed && crossed_undisputed === crossed;
  if (oneAfterAnother && crossed_moved === 0) {
    return {
      diagnosis: 'certificate-rotation',
      confidence: 'likely',
      because:
        `${crossed} principals, each replaced once and left behind for good; every successor was ` +
        'then left alone',
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
    const held =
      `one principal, but in ${alive} of ${plural(occurrences, 'takeover')} the victim's end was ` +
      'still alive, and takeovers went on';
    return isOnePlace(facts)
      ? { ...DUPLICATE, because: `${held}, all from one address` }
      : { diagnosis: 'rival-devices', confidence: 'likely', because: held };
  }
  return undefined;
}

const DUPLICATE = { diagnosis: 'duplicate-client', confidence: 'likely' } as const;

/** Two clients of one device share its address; so do clones behind one address. */
function isOnePlace({ moved, addresses, local }: ConflictFacts): boolean {
  return moved === 0 && addresses === 1 && !local;
}

/** A device that was configured anew changes its keep-alive once; two clients change it each time. */
function bySettings({ retuned, moved, gone }: ConflictFacts): Diagnosed | undefined {
  if (retuned < 2 || gone > 0) return undefined;
  const because = `one principal, but the keep-alive changed at ${retuned} takeovers: two programs`;
  return moved > 0
    ? { diagnosis: 'rival-devices', confidence: 'likely', because: `${because}, two addresses` }
    : { ...DUPLICATE, because };
}

function byPeace({
  undisputed,
  occurrences,
  guessed,
  moved,
}: ConflictFacts): Diagnosed | undefined {
  if (undisputed < occurrences || guessed === occurrences) return undefined;
  const minutes = RIVAL_RETURN_MS / 60_000;
  return {
    diagnosis: 'half-open-reconnect',
    confidence: 'likely',
    because:
      `one principal; after ${occurrences === 1 ? 'the takeover' : 'each takeover'} the new ` +
      `connection was left alone for ${minutes} minutes, while a rival would have come back` +
      (moved > 0 ? `; ${plural(moved, 'takeover')} from another address` : ''),
  };
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
