/** Entries of a link as they stand in Redis streams: written, read as they come, deleted when read. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { ChannelEntry, EntryKind } from './channel.ts';
import { BLOCK_MS } from './redis-client.ts';
import { READ_COUNT } from './timing.ts';

const RETRY_MS = 200;
/** A `hello` opens a link and is not sealed: it holds the worker's public key. */
export type StreamKind = EntryKind | 'hello' | 'command';
const KINDS: ReadonlySet<string> = new Set(['part', 'last', 'ack', 'hello', 'command']);

export interface StreamEntry {
  readonly key: string;
  readonly id: string;
  /** Whose it is, as it says itself. */
  readonly attempt: string;
  readonly kind: StreamKind;
  readonly sequence: number;
  readonly body: Buffer;
}

/** Rejects when Redis is gone, or the stream is: no writer makes one. */
export async function writeEntry(
  redis: Redis,
  key: string,
  attempt: string,
  { kind, sequence, body }: Omit<ChannelEntry, 'kind'> & { readonly kind: StreamKind },
): Promise<void> {
  const fields = ['a', attempt, 'k', kind, 'n', String(sequence), 'd', body] as const;
  const id = await redis.xadd(key, 'NOMKSTREAM', '*', ...fields);
  if (id === null) throw new Error('the stream is gone');
}

/** Makes empty streams, which vanish after so long unless that is renewed. */
export async function createStreams(
  redis: Redis,
  keys: readonly string[],
  ttlMs: number,
): Promise<void> {
  const batch = redis.multi();
  for (const key of keys) {
    batch.xadd(key, '*', 'a', '').xtrim(key, 'MAXLEN', 0).pexpire(key, ttlMs);
  }
  await batch.exec();
}

export interface ReaderPorts {
  /** Waits for news, and is used for nothing else. */
  readonly reader: Redis;
  readonly commands: Redis;
  readonly keys: readonly string[];
  /** Whether an entry is for us; the others stay for whom they are meant. */
  readonly isOurs: (entry: StreamEntry) => boolean;
  /** What came at once. */
  readonly entries: (entries: readonly StreamEntry[]) => void;
  readonly onAnswer: () => void;
}

/** Reads streams from their beginning until it is stopped. */
export class StreamReader {
  readonly #ports: ReaderPorts;
  readonly #lastIds: Map<string, string>;
  #stopped = false;

  constructor(ports: ReaderPorts) {
    this.#ports = ports;
    this.#lastIds = new Map(ports.keys.map((key) => [key, '0']));
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const entries = await this.#read();
        this.#ports.onAnswer();
        if (!this.#stopped && entries.length > 0) this.#tell(entries);
      } catch {
        // Redis is gone for now: how long that may last is for others to judge.
        if (!this.#stopped) await sleep(RETRY_MS);
      }
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#ports.reader.disconnect();
  }

  #tell(entries: readonly StreamEntry[]): void {
    const ours = entries.filter(this.#ports.isOurs);
    if (ours.length === 0) return;
    const batch = this.#ports.commands.pipeline();
    for (const [key, ids] of byKey(ours)) batch.xdel(key, ...ids);
    batch.exec().catch(() => {});
    this.#ports.entries(ours);
  }

  async #read(): Promise<readonly StreamEntry[]> {
    const keys = [...this.#lastIds.keys()];
    const answer: unknown = await this.#ports.reader.callBuffer(
      'XREAD',
      ...['COUNT', READ_COUNT, 'BLOCK', BLOCK_MS, 'STREAMS'],
      ...keys,
      ...this.#lastIds.values(),
    );
    const entries: StreamEntry[] = [];
    for (const [key, items] of pairs(answer)) {
      const name = String(key);
      for (const [id, fields] of pairs(items)) {
        this.#lastIds.set(name, String(id));
        entries.push(entryOf(name, String(id), fields));
      }
    }
    return entries;
  }
}

function byKey(
  entries: readonly StreamEntry[],
): ReadonlyMap<string, readonly [string, ...string[]]> {
  const ids = new Map<string, [string, ...string[]]>();
  for (const { key, id } of entries) {
    const list = ids.get(key);
    if (list === undefined) ids.set(key, [id]);
    else list.push(id);
  }
  return ids;
}

function pairs(value: unknown): readonly (readonly [unknown, unknown])[] {
  return Array.isArray(value) ? (value as readonly (readonly [unknown, unknown])[]) : [];
}

/** Whatever stands there becomes an entry; what makes no sense belongs to nobody. */
function entryOf(key: string, id: string, value: unknown): StreamEntry {
  const fields = new Map<string, Buffer>();
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  for (let at = 0; at + 1 < list.length; at += 2) {
    const content = list[at + 1];
    if (Buffer.isBuffer(content)) fields.set(String(list[at]), content);
  }
  const kind = String(fields.get('k') ?? '');
  const sequence = Number(String(fields.get('n') ?? ''));
  const sound = KINDS.has(kind) && Number.isSafeInteger(sequence) && sequence >= 0;
  return {
    key,
    id,
    attempt: sound ? String(fields.get('a') ?? '') : '',
    kind: sound ? (kind as StreamKind) : 'ack',
    sequence: sound ? sequence : 0,
    body: fields.get('d') ?? Buffer.alloc(0),
  };
}
