/** Identities per second on one core, keys and PEM included. */
import type { Bench } from './bench.ts';
import { startHelper } from './child.ts';
import type { IssueRound } from './issue-helper.ts';
import { spread } from './spread.ts';

const DEVICES = 4_000;
const ROUNDS = 7;

export const issueBench = {
  title: 'P-256 identities per second of CPU, against bare keys and signatures',
  async run({ signal, tell }) {
    const helper = startHelper(new URL('./issue-helper.ts', import.meta.url), signal);
    try {
      await helper.ask<IssueRound>(DEVICES / 4);
      const rounds: IssueRound[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        rounds.push(await helper.ask<IssueRound>(DEVICES));
        tell(`round ${round} of ${ROUNDS}`);
      }
      return {
        ...spread(rounds.map((round) => round.issuedPerCpuSecond)),
        unit: 'devices per second of CPU (all threads of the process)',
        bar: { atLeast: 4_000 },
        reference: {
          what: 'generateKeyPairSync(P-256) and one ECDSA signature, per second of CPU',
          ...spread(rounds.map((round) => round.barePerCpuSecond)),
        },
        details: {
          devicesPerRound: DEVICES,
          perWallSecond: spread(rounds.map((round) => round.issuedPerWallSecond)),
        },
      };
    } finally {
      await helper.end();
    }
  },
} satisfies Bench;
