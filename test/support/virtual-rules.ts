/**
 * The rules of a plan as a broker in virtual time enforces them, written out plainly: a list of
 * revoked certificates, names that must fit, a count of connections, a count of connects.
 */
import type { FleetPlan } from '../../src/scenario/plan.ts';
import type { VirtualBrokerOptions } from './virtual-broker.ts';

type Enforcement = Pick<VirtualBrokerOptions, 'refuses' | 'knownAs' | 'admits'>;

export function enforcedBy({ brokerRules, clientIdBinding, revoked }: FleetPlan): Enforcement {
  const limit = brokerRules.find((one) => one.rule === 'connection-limit')?.connectionsMax;
  const ban = brokerRules.find((one) => one.rule === 'flapping-ban');
  const connects = new Map<string, number[]>();
  const bannedUntil = new Map<string, number>();
  return {
    ...(clientIdBinding === 'replaced'
      ? { knownAs: ({ credential }) => credential.thingName }
      : {}),
    refuses: ({ credential, clientId }) => {
      if (revoked.includes(credential.name)) return 'auth-error';
      return clientIdBinding === 'refused' && clientId !== credential.thingName
        ? 'auth-error'
        : undefined;
    },
    admits: ({ clientId, now, open }) => {
      if (limit !== undefined && open >= limit) return false;
      if (ban === undefined) return true;
      if ((bannedUntil.get(clientId) ?? 0) > now) return false;
      const recent = (connects.get(clientId) ?? []).filter((at) => at > now - ban.windowMs);
      recent.push(now);
      connects.set(clientId, recent);
      if (recent.length <= ban.connectsMax) return true;
      bannedUntil.set(clientId, now + ban.banMs);
      return false;
    },
  };
}
