/** A fleet of several kinds of devices, so that its shards differ, and what a run of it left. */
import { readFile } from 'node:fs/promises';
import type { ConnectionEvent } from '../../src/history/event.ts';
import type { RunReport } from '../../src/report/report.ts';

/** 39 devices; four findings are planted. */
export const MIXED = `name: mixed
purpose: Several kinds of devices, so that shards differ.
seed: 11
fleet:
  sensors: { devices: 24, publish: { every: 400ms, qos: 1 } }
  readers: { devices: 4, subscribe: [{ filter: '#', qos: 1 }] }
  clones: { devices: 6, identity: { clientId: { shared: 2 } }, reconnect: { policy: fixed, delay: 500ms } }
  batch: { devices: 5, identity: { certificate: shared } }
arrival: { rate: 60/s }
duration: 3s
settle: 3s
limits: { latenessP99: 60s, cpuShare: 100% }
expect: { findings: planted }
`;

/** Check, reason and resource of each finding; certificates are new in each run. */
export function findingsOf({ audit }: RunReport): readonly string[] {
  return audit.findings
    .map(({ checkName, reasonForNonComplianceCode, nonCompliantResource }) => {
      const { clientId = 'a certificate' } = nonCompliantResource.resourceIdentifier;
      return `${checkName} ${reasonForNonComplianceCode} ${clientId}`;
    })
    .toSorted();
}

/** What the devices saw, in the order of the file. */
export async function deviceEvents({ history }: RunReport): Promise<readonly ConnectionEvent[]> {
  const lines = (await readFile(history, 'utf8')).trim().split('\n').slice(1, -1);
  return lines
    .map((line) => JSON.parse(line) as ConnectionEvent)
    .filter(({ vantage }) => vantage === 'device');
}
