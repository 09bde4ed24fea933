/**
 * Who gives its identity up when the faults end: every device that shares a client ID or a
 * certificate with an earlier one, so that nobody is left to fight. Pure.
 */
import { PRESENCE_MARGIN_MS } from '../core/limits.ts';
import type { Claim, ClaimContext } from './claims.ts';

/** To be asked once for each device, in their order, with its claims; `claims` are those of all. */
export function retirements(
  claims: readonly Claim[],
  { durationMs }: ClaimContext,
): (own: readonly Claim[]) => boolean {
  const firstUser = new Map<string, string>();
  const contested = new Set<string>();
  for (const { clientIdKey, device } of claims) {
    const user = firstUser.get(clientIdKey) ?? device;
    firstUser.set(clientIdKey, user);
    if (user !== device) contested.add(clientIdKey);
  }
  // One that has surely changed over no longer holds its first certificate; rivals may delay it.
  const lasting = (own: readonly Claim[]): readonly Claim[] => {
    const [first, second] = own;
    const changed =
      first !== undefined &&
      second !== undefined &&
      second.sureFromMs + PRESENCE_MARGIN_MS <= durationMs &&
      !contested.has(first.clientIdKey);
    return changed ? [second] : own;
  };
  const held = new Set<string>();
  return (own) => {
    const keys = lasting(own).flatMap((claim) => [
      `i ${claim.clientIdKey}`,
      `c ${claim.certificate}`,
    ]);
    const shared = keys.some((key) => held.has(key));
    for (const key of keys) held.add(key);
    return shared;
  };
}
