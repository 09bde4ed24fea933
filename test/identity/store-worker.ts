/** A process of its own for `store.test.ts`: ensures shared and own devices, prints the authority. */
import { ensureDevices } from '../../src/identity/ensure-devices.ts';
import { openStore } from '../../src/identity/store.ts';
import { ensureAuthority } from '../../src/identity/store-authority.ts';

const [root = '', own = '', now = ''] = process.argv.slice(2);
const store = openStore(root, { now: () => Number(now) });
const names = Array.from({ length: 40 }, (_, i) => [`shared-${i}`, `${own}-${i}`]).flat();
const wanted = names.map((name) => ({ name, thingName: name, keyType: 'P-256' }) as const);
await ensureDevices(store, wanted);
process.stdout.write((await ensureAuthority(store)).certificateId);
