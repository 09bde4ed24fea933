/**
 * What starting and stopping Mosquitto adds to a cell of the matrix: from its files to readiness,
 * and from the request to its end, with its log read. A bare Mosquitto on the same configuration,
 * killed once it is ready, sets the scale.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../src/broker/loopback-port.ts';
import { findMosquitto } from '../src/broker/mosquitto/program.ts';
import type { Bench } from './bench.ts';
import { takeSeat } from './seat.ts';
import { spread } from './spread.ts';

const ROUNDS = 15;

export const brokerBench = {
  title: 'ms to start and stop Mosquitto for a cell, against a bare one',
  async run({ folder, signal, tell }) {
    const program = await findMosquitto();
    if (typeof program === 'string') throw new Error(program);
    const ours: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      signal.throwIfAborted();
      const own = path.join(folder, `own-${round}`);
      const plain = path.join(folder, `bare-${round}`);
      mkdirSync(own);
      mkdirSync(plain);
      const startedAt = performance.now();
      const seat = await takeSeat(own, 0);
      await seat.stop();
      ours.push(performance.now() - startedAt);
      bare.push(await bareRound(program.file, plain));
    }
    tell(`${ROUNDS} rounds`);
    return {
      ...spread(ours),
      unit: 'ms of wall time, certificates of authority and broker included',
      bar: { atMost: 1000 },
      reference: {
        what: 'mosquitto without TLS, from spawn to readiness and its end by SIGKILL, ms',
        ...spread(bare),
      },
      details: { broker: `mosquitto ${program.version}` },
    };
  },
} satisfies Bench;

async function bareRound(file: string, folder: string): Promise<number> {
  const configuration = path.join(folder, 'mosquitto.conf');
  writeFileSync(
    configuration,
    `log_dest stderr\n${process.getuid?.() === 0 ? 'user root\n' : ''}listener ${await freePort()} 127.0.0.1\nallow_anonymous true\n`,
  );
  const startedAt = performance.now();
  const child = spawn(file, ['-c', configuration], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  let log = '';
  for await (const chunk of child.stderr) {
    log += String(chunk);
    if (/ running$/m.test(log)) break;
  }
  // A SIGTERM that comes before its main loop would be lost.
  child.kill('SIGKILL');
  await ended;
  return performance.now() - startedAt;
}
