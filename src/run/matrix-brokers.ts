/**
 * The brokers of a matrix: which can be started at all, which serve all cells of a configuration,
 * and which configurations need not be tried again because they never start.
 */
import type { BrokerAdapter } from '../broker/adapter.ts';
import { BROKERS } from '../broker/registry.ts';
import { UserError } from '../core/errors.ts';

/** A configuration that failed to start so often, and never started, will not start now. */
const FAILED_STARTS_MAX = 2;

export interface MatrixBrokers {
  adapter(broker: string): BrokerAdapter;
  /** Why it can't be started here; undefined if it can. */
  unavailable(broker: string): string | undefined;
}

/** Asks each broker once whether it can be started. */
export async function findBrokers(ids: readonly string[]): Promise<MatrixBrokers> {
  const adapters = new Map<string, BrokerAdapter>(
    Object.values(BROKERS).map((adapter) => [adapter.id, adapter]),
  );
  const adapterOf = (id: string): BrokerAdapter => {
    const adapter = adapters.get(id);
    if (adapter === undefined) throw new Error(`a cell names the unknown broker ${id}`);
    return adapter;
  };
  const reasons = await Promise.all(
    [...new Set(ids)].map(async (id) => [id, await adapterOf(id).unavailable()] as const),
  );
  const unavailable = new Map(reasons);
  return { adapter: adapterOf, unavailable: (id) => unavailable.get(id) };
}

/**
 * An adapter for the cells of one configuration. If the configuration is rejected, or the broker
 * never becomes ready with it, the other cells hear the same without waiting for it again.
 */
export function rememberFailure(adapter: BrokerAdapter): BrokerAdapter {
  let failures = 0;
  let started = false;
  let last: UserError | undefined;
  return {
    ...adapter,
    async start(options) {
      if (!started && failures >= FAILED_STARTS_MAX && last !== undefined) throw last;
      try {
        const broker = await adapter.start(options);
        started = true;
        return broker;
      } catch (error) {
        if (error instanceof UserError) [last, failures] = [error, failures + 1];
        throw error;
      }
    },
  };
}
