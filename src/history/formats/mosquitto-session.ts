/** What is kept of a session in Mosquitto's log, and what all its events say. */
import type { Principal } from '../event.ts';

export interface Session {
  readonly sessionId: string;
  readonly clientId: string;
  readonly ip: string;
  readonly port: number;
  readonly principal: Principal | undefined;
}

/** What the events of one line have in common. */
export interface Moment {
  readonly at: number;
  readonly sourceAt?: number;
  readonly raw: string;
}

/** Spread where an optional field is absent. */
export const NOTHING = {} as const;

export function describe({ sessionId, clientId, ip, port, principal }: Session) {
  const who = principal === undefined ? NOTHING : { principal };
  return { vantage: 'broker', sessionId, clientId, ...who, ip, port } as const;
}
