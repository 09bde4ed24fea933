/**
 * A program that starts a broker and then waits to be killed. Arguments: the broker's ID and a
 * folder with the certificates. Prints the broker's process ID.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { BROKERS, type BrokerId } from '../../src/broker/registry.ts';
import { REAL_CLOCK } from './broker-harness.ts';

const [, , id, folder = ''] = process.argv;
const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
const broker = await BROKERS[id as BrokerId].start({
  clock: REAL_CLOCK,
  workFolder: folder,
  server: {
    certificatePem: read('server.pem'),
    privateKeyPem: read('server.key'),
    caPem: read('ca.pem'),
  },
  deviceCaPem: read('ca.pem'),
  principals: ['device-1'],
  onEvent: () => {},
  onFailure: () => {},
});
process.stdout.write(`${broker.pid}\n`);
if (process.argv[4] === 'throw') throw new Error('as if by mistake');
