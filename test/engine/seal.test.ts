/** What two ends agree on, and what nobody else can read or make. */
import { describe, expect, test } from 'vitest';
import { EphemeralKeys } from '../../src/engine/seal.ts';

const CONTEXT = { protocol: 1, run: 'r', shard: 1, attempt: 'a' };
const TEXT = Buffer.from('a private key');

function ends({ there = CONTEXT, secrets = ['s', 's'] as const } = {}) {
  const [commander, worker] = [new EphemeralKeys(), new EphemeralKeys()];
  return {
    commander: commander.agree(worker.publicKey, 'commander', CONTEXT, secrets[0]),
    worker: worker.agree(commander.publicKey, 'worker', there, secrets[1]),
  };
}

describe('a seal', () => {
  test('is opened by the other end, both ways', () => {
    const { commander, worker } = ends();
    expect(worker.open(['last', 1], commander.seal(['last', 1], TEXT))).toEqual(TEXT);
    expect(commander.open(['ack', 7], worker.seal(['ack', 7], TEXT))).toEqual(TEXT);
  });

  test('shows nothing of the text, and never the same twice', () => {
    const { commander } = ends();
    const [one, two] = [commander.seal(['last', 1], TEXT), commander.seal(['last', 1], TEXT)];
    expect(one.includes(TEXT)).toBe(false);
    expect(one.equals(two)).toBe(false);
  });

  test.each([
    ['in another place', ['last', 2]],
    ['as another kind', ['part', 1]],
  ] as const)('does not hold %s', (_where, label) => {
    const { commander, worker } = ends();
    expect(() => worker.open(label, commander.seal(['last', 1], TEXT))).toThrow();
  });

  test('is not opened by the end that made it', () => {
    const { commander } = ends();
    expect(() => commander.open(['last', 1], commander.seal(['last', 1], TEXT))).toThrow();
  });

  test.each([
    ['run', { ...CONTEXT, run: 'other' }],
    ['shard', { ...CONTEXT, shard: 2 }],
    ['attempt', { ...CONTEXT, attempt: 'b' }],
    ['version', { ...CONTEXT, protocol: 2 }],
  ])('is of one %s', (_what, there) => {
    const { commander, worker } = ends({ there });
    expect(() => worker.open(['last', 1], commander.seal(['last', 1], TEXT))).toThrow();
  });

  test('needs the secret, where there is one', () => {
    for (const secrets of [
      ['ours', 'theirs'],
      ['ours', undefined],
    ] as const) {
      const { commander, worker } = ends({ secrets: secrets as unknown as readonly ['s', 's'] });
      expect(() => worker.open(['last', 1], commander.seal(['last', 1], TEXT))).toThrow();
    }
  });

  test('that was changed anywhere, or cut, is none', () => {
    const { commander, worker } = ends();
    const sealed = commander.seal(['last', 1], TEXT);
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => worker.open(['last', 1], changed)).toThrow();
      expect(() => worker.open(['last', 1], sealed.subarray(0, at))).toThrow();
    }
  });

  test.each(['', 'AA', 'A'.repeat(43), '*'])('is not made with %j, which is no key', (key) => {
    expect(() => new EphemeralKeys().agree(key, 'worker', CONTEXT, undefined)).toThrow();
  });
});
