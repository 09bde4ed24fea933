/**
 * The ports of a service that has fixed ones, and what TLS must say there. A port of this machine is
 * exempt, because a tunnel may lead from it. Pure.
 */
import { EXIT, UserError } from '../../core/errors.ts';
import { isLoopback } from '../target.ts';
import type { BrokerProfile } from './profile.ts';

/** ALPN protocols for this port, if any. Throws a `UserError` (64) for a port that it has not. */
export function alpnOf(
  profile: BrokerProfile,
  { host, port }: { readonly host: string; readonly port: number },
): readonly string[] | undefined {
  if (profile.ports.length === 0) return undefined;
  const rule = profile.ports.find((one) => one.port === port);
  if (rule !== undefined) return rule.alpnProtocols;
  if (isLoopback(host)) return undefined;
  throw new UserError(EXIT.usage, {
    message: `${profile.title} takes no MQTT with certificates on port ${port}`,
    hint: `use ${profile.ports.map((one) => `mqtts://${host}:${one.port}`).join(' or ')}`,
  });
}
