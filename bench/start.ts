/** From typing `plan` to its answer, for a scenario of 10,000 devices. */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.ts';
import { runProgram } from './child.ts';
import { rounded, spread } from './spread.ts';

const ROUNDS = 7;

const SCENARIO = `name: ten-thousand
purpose: A large fleet with every kind of identity, for the bench.
seed: 7
fleet:
  unique: { devices: 8000, publish: { every: 10s, qos: 1 } }
  shared-certificates: { devices: 1000, identity: { certificate: { shared: 4 } } }
  shared-client-ids: { devices: 500, identity: { clientId: { shared: 2 } } }
  clones: { devices: 500, identity: { cloneOf: unique } }
arrival: { rate: 500/s }
duration: 60s
expect: { findings: planted }
`;

const CHECKOUT = fileURLToPath(new URL('../', import.meta.url));
const PROGRAM = 'dist/cli.js';

export const startBench = {
  title: 'ms until `plan` has answered for 10,000 devices, against node -e 0',
  async run({ folder, signal, tell }) {
    if (!existsSync(path.join(CHECKOUT, PROGRAM))) {
      throw new Error(`${PROGRAM} is missing: npm run build makes it`);
    }
    const scenario = path.join(folder, 'ten-thousand.yaml');
    writeFileSync(scenario, SCENARIO);
    const node = async (...args: readonly string[]): Promise<number> =>
      (await runProgram(process.execPath, args, { cwd: CHECKOUT, signal })).wallMs;
    const plan = [PROGRAM, 'plan', scenario];
    await node(...plan);
    const ours: number[] = [];
    const json: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await node(...plan));
      json.push(await node(...plan, '--json'));
      bare.push(await node('-e', '0'));
    }
    tell(`${ROUNDS} rounds`);
    const npx = ['--offline', '--no', '--', 'doppelfleet', 'plan', scenario];
    const viaNpx = await runProgram('npx', npx, { cwd: CHECKOUT, signal }).then(
      ({ wallMs }) => rounded(wallMs),
      () => null,
    );
    return {
      ...spread(ours),
      unit: 'ms of wall time of `node dist/cli.js plan`',
      bar: { atMost: 2_000 },
      reference: { what: 'node -e 0, ms of wall time', ...spread(bare) },
      details: { planAsJsonMs: spread(json), onceViaNpxMs: viaNpx },
    };
  },
} satisfies Bench;
