/** A link over streams that lose, repeat and stop: what arrives is whole and in order, or it breaks. */
import { describe, expect, test } from 'vitest';
import { Channel, type ChannelEntry } from '../../src/engine/channel.ts';
import { EphemeralKeys } from '../../src/engine/seal.ts';
import { PART_BYTES, WINDOW_ENTRIES } from '../../src/engine/timing.ts';

const CONTEXT = { protocol: 1, run: 'r', shard: 1, attempt: 'a' };
const LIMITS = { outboxBytes: 40 * PART_BYTES, messageBytes: 8 * PART_BYTES, resendMs: 2_000 };

/** Two ends; what one writes lies in its stream until it is carried over. */
function link(limits: Partial<typeof LIMITS> = {}) {
  let now = 0;
  const keys = { a: new EphemeralKeys(), b: new EphemeralKeys() };
  const seals = {
    a: keys.a.agree(keys.b.publicKey, 'commander', CONTEXT, undefined),
    b: keys.b.agree(keys.a.publicKey, 'worker', CONTEXT, undefined),
  };
  const end = (name: 'a' | 'b') => {
    const stream: ChannelEntry[] = [];
    const heard: string[] = [];
    const troubles: string[] = [];
    const channel = new Channel({
      seal: seals[name],
      write: async (entry) => {
        stream.push(entry);
      },
      message: (packed) => {
        if (packed.toString() === 'nonsense') throw new Error('not a message');
        heard.push(packed.toString());
      },
      broken: (why) => troubles.push(why),
      overflowed: (why) => troubles.push(why),
      now: () => now,
      limits: { ...LIMITS, ...limits },
    });
    return { stream, heard, troubles, channel };
  };
  const [a, b] = [end('a'), end('b')];
  return {
    a,
    b,
    pass: (ms: number) => {
      now += ms;
    },
    /** Carries everything over, and what is said because of it; gives the entries of `a`. */
    carry: (keep: (entry: ChannelEntry) => boolean = () => true): readonly ChannelEntry[] => {
      const carried: ChannelEntry[] = [];
      while (a.stream.length > 0) {
        const entries = a.stream.splice(0).filter(keep);
        carried.push(...entries);
        for (const entry of entries) b.channel.receive(entry);
        b.channel.acknowledge();
        for (const entry of b.stream.splice(0)) a.channel.receive(entry);
      }
      return carried;
    },
  };
}

describe('a channel', () => {
  test('carries messages of any length in parts, in order', () => {
    const { a, b, carry } = link();
    const long = 'x'.repeat(3 * PART_BYTES + 1);
    for (const text of ['one', long, '', 'two']) a.channel.send(Buffer.from(text));
    const carried = carry();
    expect(b.heard).toEqual(['one', long, '', 'two']);
    expect(carried.map(({ kind }) => kind).filter((kind) => kind === 'part')).toHaveLength(3);
  });

  test('sends again what was lost, once the other end is heard without it', () => {
    const { a, b, carry, pass } = link();
    for (const text of ['1', '2', '3']) a.channel.send(Buffer.from(text));
    carry(({ sequence }) => sequence !== 2);
    expect(b.heard).toEqual(['1']);
    pass(1_000);
    b.channel.acknowledge();
    for (const entry of b.stream.splice(0)) a.channel.receive(entry);
    pass(1_500);
    a.channel.tick();
    carry();
    expect(b.heard).toEqual(['1', '2', '3']);
  });

  test('drops what comes twice', () => {
    const { a, b, carry } = link();
    a.channel.send(Buffer.from('1'));
    for (const entry of carry()) b.channel.receive(entry);
    expect(b.heard).toEqual(['1']);
    expect(b.troubles).toEqual([]);
  });

  test('writes no more than a window ahead, and nothing again to an end that is silent', () => {
    const { a, b, carry, pass } = link();
    const texts = Array.from({ length: 3 * WINDOW_ENTRIES }, (_, n) => String(n));
    for (const text of texts) a.channel.send(Buffer.from(text));
    expect(a.stream).toHaveLength(WINDOW_ENTRIES);
    pass(10_000);
    a.channel.tick();
    expect(a.stream).toHaveLength(WINDOW_ENTRIES);
    carry();
    expect(b.heard).toEqual(texts);
  });

  test('that holds more than it may says so with numbers, and still has a last word', async () => {
    const { a, b, carry } = link({ outboxBytes: 2 * WINDOW_ENTRIES * 1024 });
    const packed = Buffer.alloc(1024, 'x');
    while (a.troubles.length === 0) a.channel.send(packed);
    expect(a.troubles).toEqual([
      'it was not read fast enough: 129 KiB wait to be sent, and 128 KiB may',
    ]);
    a.channel.sendInstead(Buffer.from('the last word'));
    const emptied = a.channel.emptied();
    carry();
    await emptied;
    expect(b.heard).toHaveLength(WINDOW_ENTRIES + 1);
    expect(b.heard.at(-1)).toBe('the last word');
  });

  test.each([
    ['was not sealed', { kind: 'last', sequence: 1, body: Buffer.from('x') }, /not sealed for us/],
    ['is empty', { kind: 'ack', sequence: 1, body: Buffer.alloc(0) }, /not sealed for us/],
  ] as const)('breaks when an entry %s', (_what, entry, why) => {
    const { a, b, carry } = link();
    b.channel.receive(entry);
    a.channel.send(Buffer.from('later'));
    carry();
    expect(b.troubles).toEqual([expect.stringMatching(why)]);
    expect(b.heard).toEqual([]);
  });

  test('breaks at a message that is none, and at one that is too long', () => {
    const none = link();
    none.a.channel.send(Buffer.from('nonsense'));
    none.carry();
    expect(none.b.troubles).toEqual(['it sent a message that is none: not a message']);
    const long = link();
    long.a.channel.send(Buffer.alloc(9 * PART_BYTES));
    long.carry();
    expect(long.b.troubles).toEqual([expect.stringMatching(/a message of more than \d+ bytes/)]);
  });
});
