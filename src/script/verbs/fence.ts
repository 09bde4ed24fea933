/**
 * How it is made certain that something has *not* come: round trips until nothing is left under
 * way. A broker answers PINGREQ (MQTT 5.0 §3.12) after what it has sent on that connection before.
 */
import type { WireClient } from '../wire-client.ts';

/**
 * One would do where a broker handles packets in order (Mosquitto). One that hands messages on in
 * later turns of its event loop (aedes) may answer a PINGREQ first; each round trip is a turn.
 */
const ROUND_TRIPS = 5;
/** The slowest delivery of this script is no bound for the next one. */
const SLOWEST_FACTOR = 4;

/** Whether the broker still answers; what it had sent on this connection before has come then. */
export async function roundTrips(wire: WireClient): Promise<boolean> {
  for (let left = ROUND_TRIPS; left > 0; left--) {
    const before = wire.received.length;
    if (!(await wire.ping())) return false;
    // An acknowledged message makes room for the next one (MQTT 5.0 §4.9).
    if (wire.received.length > before) left = ROUND_TRIPS;
  }
  return true;
}

/**
 * The same, with time in between for brokers that route in the background: the grace, or longer
 * where a message of this script has come later than that.
 */
export async function fence(
  wire: WireClient,
  { graceMs, slowestMs }: { readonly graceMs: number; readonly slowestMs: number },
): Promise<boolean> {
  if (!(await roundTrips(wire))) return false;
  if (graceMs === 0) return true;
  await wire.until(() => false, Math.max(graceMs, SLOWEST_FACTOR * slowestMs));
  return roundTrips(wire);
}
