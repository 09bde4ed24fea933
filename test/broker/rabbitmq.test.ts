import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe } from 'vitest';
import type { BrokerStartOptions } from '../../src/broker/adapter.ts';
import { shareBroker } from '../../src/broker/lease.ts';
import { rabbitmqBroker } from '../../src/broker/rabbitmq/adapter.ts';
import { requireProgram } from '../support/programs.ts';
import { describeBrokerContract } from './adapter-contract.ts';
import { describeOrphanRule } from './orphan-rule.ts';

const rabbitmq = requireProgram('rabbitmq-server');
const openssl = requireProgram('openssl');
const note = `${rabbitmq.note}${openssl.note}`;

describe.skipIf(!rabbitmq.available || !openssl.available)(`RabbitMQ${note}`, () => {
  const workFolder = mkdtempSync(path.join(tmpdir(), 'doppelfleet-shared-'));
  const one = shareBroker(rabbitmqBroker, { workFolder, principals: [] });
  afterAll(async () => {
    await one.close();
    rmSync(workFolder, { recursive: true });
  });
  const shared = {
    ...rabbitmqBroker,
    // No rule that shares a broker asks for its process.
    start: async (options: BrokerStartOptions) => ({
      ...(await one.adapter.start(options)),
      pid: 0,
    }),
  };

  describeBrokerContract(rabbitmqBroker, { reloadsAuthorities: true, shared });
  describeOrphanRule('rabbitmq');
});
