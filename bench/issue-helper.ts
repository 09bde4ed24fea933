/** Issues a number of device certificates, and makes as many bare keys and signatures. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { newAuthority } from '../src/identity/authority.ts';
import { issueCertificate } from '../src/identity/issue.ts';
import { answerParent } from './child.ts';

export interface IssueRound {
  readonly issuedPerCpuSecond: number;
  readonly issuedPerWallSecond: number;
  readonly barePerCpuSecond: number;
}

const now = Date.now();
const authority = await newAuthority({ now });
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
/** As long as the signed part of a device's certificate. */
const message = Buffer.alloc(420, 0x5a);

answerParent(async (count: number): Promise<IssueRound> => {
  const issued = timed(count, (n) => {
    const name = `device-${n}`;
    issueCertificate(authority, { name, thingName: name, keyType: 'P-256' }, { now });
  });
  const bare = timed(count, () => {
    generateKeyPairSync('ec', { namedCurve: 'P-256' });
    sign('sha256', message, privateKey);
  });
  return {
    issuedPerCpuSecond: count / issued.cpuSeconds,
    issuedPerWallSecond: count / issued.wallSeconds,
    barePerCpuSecond: count / bare.cpuSeconds,
  };
});

function timed(count: number, work: (n: number) => void) {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  for (let n = 0; n < count; n++) work(n);
  const { user, system } = process.cpuUsage(before);
  return {
    cpuSeconds: (user + system) / 1e6,
    wallSeconds: (performance.now() - startedAt) / 1000,
  };
}
