/** Identities per second of wall time as the store mints them, keys and PEM included. */
import type { Bench, BenchContext } from './bench.ts';
import { runProgram, startHelper } from './child.ts';
import type { IssueRound, Rate } from './issue-helper.ts';
import { spread } from './spread.ts';

const DEVICES = 10_000;
const ROUNDS = 7;
const PER_SECOND_MIN = 10_000;
const OPENSSL_SECONDS = 1;

export const issueBench = {
  title: 'P-256 identities per second as the store mints them, against bare keys and signatures',
  async run(context) {
    const { signal, tell } = context;
    const helper = startHelper(new URL('./issue-helper.ts', import.meta.url), signal);
    try {
      await helper.ask<IssueRound>(DEVICES / 4);
      const rounds: IssueRound[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        rounds.push(await helper.ask<IssueRound>(DEVICES));
        tell(`round ${round} of ${ROUNDS}`);
      }
      const rate = (what: keyof IssueRound, per: keyof Rate) =>
        spread(rounds.map((round) => round[what][per]));
      return {
        ...rate('minted', 'perWallSecond'),
        unit: 'devices per second of wall time, on one thread',
        bar: { atLeast: PER_SECOND_MIN },
        reference: {
          what: 'generateKeyPairSync(P-256) and one ECDSA signature, per second of wall time',
          ...rate('bare', 'perWallSecond'),
        },
        details: {
          devicesPerRound: DEVICES,
          mintedPerCpuSecond: rate('minted', 'perCpuSecond'),
          issuedPerWallSecond: rate('issued', 'perWallSecond'),
          issuedPerCpuSecond: rate('issued', 'perCpuSecond'),
          opensslPerSecond: await opensslSpeed(context),
        },
      };
    } finally {
      await helper.end();
    }
  },
} satisfies Bench;

/** What OpenSSL does on one thread; a key pair takes about what an ECDH agreement takes, or less. */
async function opensslSpeed({ signal }: BenchContext) {
  const args = ['speed', '-seconds', String(OPENSSL_SECONDS), 'ecdsap256', 'ecdhp256'];
  const { output } = await runProgram('openssl', args, { signal });
  const perSecond = (line: RegExp): number => Number(line.exec(output)?.[1]);
  return {
    ecdsaSignatures: perSecond(/ecdsa \(nistp256\) +\S+ +\S+ +([\d.]+)/),
    ecdhAgreements: perSecond(/ecdh \(nistp256\) +\S+ +([\d.]+)/),
  };
}
