/**
 * A program that begins a mitigation step and is killed in the middle of it. Argument: the folder
 * of the trail.
 */
import { Journal } from '../../src/mitigation/journal.ts';
import { openTrail } from '../../src/mitigation/trail.ts';
import { REAL_CLOCK } from './broker-harness.ts';

const [, , folder = ''] = process.argv;
const about = {
  name: 'mitigation',
  taskId: 'task-1',
  tool: 'doppelfleet test',
  now: Date.now(),
} as const;
const { trail } = openTrail(folder, about);
const journal = new Journal(trail, REAL_CLOCK, { findingId: 'finding-1', actionName: 'revoke' });
await journal.step('reloaded the broker', { failsAs: 'RELOAD_FAILED' }, async () => undefined);
await journal.step(
  'put the certificate on the list',
  { undo: 'take the certificate off the list', failsAs: 'CHANGE_FAILED' },
  async () => {
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => {});
  },
);
