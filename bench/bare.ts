/** Bare sockets on a Mosquitto of their own, which counts what comes to it. */
import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startMosquitto } from '../src/broker/mosquitto/adapter.ts';
import { realClock } from '../src/fleet/real-clock.ts';
import type { BareAnswer, BareQuestion } from './bare-publisher.ts';
import type { BenchContext } from './bench.ts';
import { startHelper } from './child.ts';
import { plainConfiguration, unread } from './drive-brokers.ts';
import { cpuMs } from './process-cost.ts';
import { rounded } from './spread.ts';
import { countMessages } from './sys-counter.ts';

const SECONDS = 6;
/** The broker tells its counts once a second, and is asked while it is under load. */
const FROM_SECONDS = 2;
const TO_SECONDS = 5.5;

export interface Bare {
  /** As the broker counted them. */
  readonly perSecond: number;
  readonly cpuMicrosPerMessage: number;
  readonly brokerCpuMicrosPerMessage: number;
}

/** Messages of QoS 0 at a rate, or flat out. */
export async function bareMessages(
  { folder, signal }: BenchContext,
  asked: Pick<BareQuestion, 'connections' | 'perSecond'>,
): Promise<Bare> {
  const workFolder = mkdtempSync(path.join(folder, 'bare-'));
  const unused = { certificatePem: '', privateKeyPem: '', caPem: '' };
  const broker = await startMosquitto({
    ...unread({ clock: realClock, workFolder, server: unused, deviceCaPem: '' }),
    configuration: plainConfiguration(),
  });
  const helper = startHelper(new URL('./bare-publisher.ts', import.meta.url), signal);
  try {
    const endpoint = { ...broker.endpoint, transport: 'tcp' } as const;
    const counter = await countMessages(endpoint);
    const cpuMsBefore = cpuMs(broker.pid);
    const question: BareQuestion = { ...asked, endpoint, seconds: SECONDS };
    const answered = helper.ask<BareAnswer>(question);
    // In the midst of it: the system's buffers take more than the broker reads.
    await wait(1000 * FROM_SECONDS);
    const from = counter.last();
    await wait(1000 * (TO_SECONDS - FROM_SECONDS));
    const to = counter.last();
    const brokerMs = cpuMs(broker.pid) - cpuMsBefore;
    const answer = await answered;
    counter.close();
    return {
      perSecond: rounded((1000 * (to.count - from.count)) / (to.at - from.at)),
      cpuMicrosPerMessage: rounded((1000 * answer.cpuMs) / answer.written),
      brokerCpuMicrosPerMessage: rounded((1000 * brokerMs) / to.count),
    };
  } finally {
    await helper.end();
    await broker.stop();
  }
}
