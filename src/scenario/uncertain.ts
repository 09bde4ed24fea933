/** What a plan leaves to chance, in sentences: one for all pairs of the same two groups. */
import type { CheckId } from '../core/ids.ts';
import { PRESENCE_MARGIN_MS } from '../core/limits.ts';
import { plural, printable } from '../core/text.ts';
import type { Claim } from './claims.ts';

/** A finding that appears if these claims come about as they may. */
export interface Chance {
  readonly check: CheckId;
  readonly cause: 'rival-devices' | 'self-takeover' | 'shared-certificate' | 'half-open-ghost';
  readonly claims: readonly Claim[];
}

export function uncertainties(chances: readonly Chance[]): readonly string[] {
  const alike = new Map<string, Chance[]>();
  for (const chance of chances) {
    const groups = chance.claims.slice(0, 2).map((claim) => claim.group);
    const key = [chance.check, chance.cause, ...groups].join(' ');
    const known = alike.get(key);
    if (known) known.push(chance);
    else alike.set(key, [chance]);
  }
  return [...alike.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const more = others.length === 0 ? '' : `, and ${plural(others.length, 'case')} like it`;
    return [`${sentence(first)}${more}; ${ADVICE[first.cause]}`];
  });
}

function sentence({ check, cause, claims }: Chance): string {
  const [a, b] = claims;
  const resource =
    check === 'CONFLICTING_CLIENT_IDS_CHECK'
      ? `client ID ${printable((a?.clientIdKey ?? '').replace('\0', ''), 60)}`
      : `the certificate of ${a?.certificate ?? ''}`;
  switch (cause) {
    case 'rival-devices':
    case 'shared-certificate':
      return `whether ${a?.device} and ${b?.device} use ${resource} at the same time is left to chance`;
    case 'self-takeover':
    case 'half-open-ghost':
      return `whether ${a?.device} connects while its own last session is still open is left to chance`;
  }
}

const ADVICE: Readonly<Record<Chance['cause'], string>> = {
  'rival-devices': `put them more than ${PRESENCE_MARGIN_MS} ms apart, or let them stay together for longer than either is away`,
  'shared-certificate': `put them more than ${PRESENCE_MARGIN_MS} ms apart, or let them stay together for longer than either is away`,
  'self-takeover': `give it time to come back before the end, away for more than ${PRESENCE_MARGIN_MS} ms after a close, or well below half the keep-alive if it goes half-open`,
  'half-open-ghost': `give it time to come back before the end, away for more than ${PRESENCE_MARGIN_MS} ms after a close, or well below half the keep-alive if it goes half-open`,
};
