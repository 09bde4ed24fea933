/**
 * One worker that has taken a shard's job, as the commander holds it. Until the run has started
 * another attempt may follow on it; afterwards its end is the end of the shard.
 */
import { z } from 'zod';
import { printable } from '../core/text.ts';
import type { FromWorker } from '../shards/protocol.ts';
import type { WorkerListener } from '../shards/worker-link.ts';
import { Channel } from './channel.ts';
import type { CommanderWords } from './commander-words.ts';
import { NAME_PATTERN } from './keys.ts';
import { pack, unpack } from './pack.ts';
import type { Seal } from './seal.ts';
import type { StreamEntry } from './streams.ts';
import { ORDER_BYTES_MAX, REPORT_BYTES_MAX } from './timing.ts';
import { type ShardScope, workerWords } from './worker-words.ts';

const hello = z.strictObject({
  publicKey: z.string().max(100),
  protocol: z.number().int(),
  tool: z
    .string()
    .max(100)
    .transform((text) => printable(text, 100)),
  worker: z
    .string()
    .max(200)
    .transform((text) => printable(text, 60)),
  host: z
    .string()
    .max(300)
    .transform((text) => printable(text, 60)),
  pid: z.number().int(),
});

/** With which a worker asks for the order of a job. */
export type Hello = z.input<typeof hello>;

/** Undefined when it is none. */
export function parseHello(attempt: string, body: Buffer): Hello | undefined {
  if (!NAME_PATTERN.test(attempt)) return undefined;
  try {
    return hello.safeParse(JSON.parse(body.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

export interface AttemptPorts {
  readonly seal: Seal;
  readonly write: (entry: Omit<StreamEntry, 'key' | 'id' | 'attempt'>) => Promise<void>;
  readonly now: () => number;
  readonly resendMs: number;
  readonly scope: ShardScope;
  /** Called once, when nothing more is to be expected of it. */
  readonly gone: (attempt: Attempt, why: string) => void;
  /** Its own rails forbid the order. */
  readonly refused: (attempt: Attempt, why: string) => void;
}

export class Attempt {
  readonly id: string;
  readonly hello: Hello;
  readonly #ports: AttemptPorts;
  readonly #channel: Channel;
  #listener: WorkerListener | undefined;
  #isGone = false;

  constructor(id: string, said: Hello, ports: AttemptPorts) {
    this.id = id;
    this.hello = said;
    this.#ports = ports;
    this.#channel = new Channel({
      seal: ports.seal,
      write: ports.write,
      now: ports.now,
      message: (packed) => this.#hear(packed),
      broken: (why) => this.end(`was given up: ${why}`),
      overflowed: (why) => this.end(`was given up: ${why}`),
      limits: {
        outboxBytes: ORDER_BYTES_MAX,
        messageBytes: REPORT_BYTES_MAX,
        resendMs: ports.resendMs,
      },
    });
  }

  get heardAt(): number {
    return this.#channel.heardAt;
  }

  /** The time until `now` does not count: it was us who did not listen. */
  excuse(now: number): void {
    this.#channel.heardAt = Math.max(this.#channel.heardAt, now);
  }

  receive(entry: StreamEntry): void {
    const { kind } = entry;
    if (kind === 'hello' || kind === 'command') return;
    this.#channel.receive({ ...entry, kind });
  }

  /** What has been read is confirmed. */
  acknowledge(): void {
    if (!this.#isGone) this.#channel.acknowledge();
  }

  tick(): void {
    this.#channel.tick();
    this.acknowledge();
  }

  listen(listener: WorkerListener | undefined): void {
    this.#listener = listener;
  }

  send(message: CommanderWords): void {
    if (!this.#isGone) this.#channel.send(pack(message));
  }

  /** Tells it to go, as far as it still listens. */
  dismiss(message: string): void {
    this.send({ type: 'dismiss', message });
    this.#isGone = true;
    this.#listener = undefined;
  }

  /** Resolves when it has heard everything. */
  emptied(): Promise<void> {
    return this.#channel.emptied();
  }

  /** It is gone, and `why` says how. */
  end(why: string): void {
    if (this.#isGone) return;
    // A worker that is alive after all must not go on.
    this.send({ type: 'dismiss', message: `the commander has given it up: it ${why}` });
    this.#isGone = true;
    this.#ports.gone(this, why);
    this.#listener?.gone(why);
  }

  #hear(packed: Buffer): void {
    const said = workerWords(unpack(packed), this.#ports.scope);
    if (said.type === 'left') this.end(`left: ${printable(said.message, 300)}`);
    else if (said.type === 'refused') {
      this.#ports.refused(this, printable(said.message, 1_000));
      this.#tell({ type: 'failed', message: printable(said.message, 1_000) });
    } else if (said.type === 'failed') {
      this.#tell({ type: 'failed', message: printable(said.message, 500) });
    } else this.#tell(said);
  }

  #tell(message: FromWorker): void {
    this.#listener?.message(message);
  }
}
