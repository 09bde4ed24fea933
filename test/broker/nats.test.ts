import { describe } from 'vitest';
import { natsBroker } from '../../src/broker/nats/adapter.ts';
import { requireProgram } from '../support/programs.ts';
import { describeBrokerContract } from './adapter-contract.ts';
import { describeOrphanRule } from './orphan-rule.ts';

const nats = requireProgram('nats-server');
const openssl = requireProgram('openssl');
const note = `${nats.note}${openssl.note}`;

describe.skipIf(!nats.available || !openssl.available)(`NATS${note}`, () => {
  describeBrokerContract(natsBroker, { reloadsAuthorities: true, saysConnect: false });
  describeOrphanRule('nats');
});
