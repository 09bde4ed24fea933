/** Mints a number of device certificates, one by one and as the store does, and bare keys beside. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { newAuthority } from '../src/identity/authority.ts';
import { issueCertificate } from '../src/identity/issue.ts';
import { mintDevices } from '../src/identity/mint-devices.ts';
import { answerParent } from './child.ts';

export interface IssueRound {
  readonly minted: Rate;
  /** Without pauses, and without what the store needs besides. */
  readonly issued: Rate;
  readonly bare: Rate;
}

export interface Rate {
  readonly perWallSecond: number;
  readonly perCpuSecond: number;
}

const now = Date.now();
const authority = await newAuthority({ now });
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
/** As long as the signed part of a device's certificate. */
const message = Buffer.alloc(420, 0x5a);

answerParent(async (count: number): Promise<IssueRound> => {
  const requests = Array.from({ length: count }, (_, index) => {
    const name = `device-${index + 1}`;
    return { name, thingName: name, keyType: 'P-256' } as const;
  });
  return {
    minted: await timed(count, () => mintDevices(authority, requests, { now, onMinted: () => {} })),
    issued: await timed(count, () => {
      for (const request of requests) issueCertificate(authority, request, { now });
    }),
    bare: await timed(count, () => {
      for (let n = 0; n < count; n++) {
        generateKeyPairSync('ec', { namedCurve: 'P-256' });
        sign('sha256', message, privateKey);
      }
    }),
  };
});

async function timed(count: number, work: () => unknown): Promise<Rate> {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return {
    perWallSecond: (1000 * count) / (performance.now() - startedAt),
    perCpuSecond: (1e6 * count) / (user + system),
  };
}
