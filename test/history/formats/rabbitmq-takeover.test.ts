/**
 * A takeover in the log of a RabbitMQ of ours: two processes write of it, and either may be faster.
 * The lines are those of RabbitMQ 3.10.8; their order is made up.
 */
import { expect, test } from 'vitest';
import { RabbitLogReader } from '../../../src/history/formats/rabbitmq-log.ts';

type Line = readonly [process: number, what: 'accepted' | 'evicted' | 'left'];

/** `1 connected`, `1 closed session-taken-over`; with `?` where it was inferred. */
function read(lines: readonly Line[]): { readonly story: readonly string[]; telling: boolean } {
  const story: string[] = [];
  const reader = new RabbitLogReader(
    { evicts: true },
    {
      event: ({ sessionId, kind, reason, inferred }) => {
        const process = sessionId.split('.')[1];
        const words = [process, kind, ...(reason === undefined ? [] : [reason])].join(' ');
        story.push(inferred?.includes('reason') ? `${words}?` : words);
      },
      unread: (why) => story.push(`unread: ${why}`),
    },
  );
  for (const [place, [process, what]] of lines.entries()) {
    const peer = `127.0.0.1:${50_000 + process} -> 127.0.0.1:8883`;
    const body = {
      accepted: `accepting MQTT connection <0.${process}.0> (${peer}, client id: dev1)`,
      evicted: `MQTT disconnecting client "${peer}" with duplicate id 'dev1'`,
      left: `closing MQTT connection <0.${process}.0> (${peer})`,
    }[what];
    const stamp = `2026-11-20 21:31:10.${String(place).padStart(6, '0')}+00:00`;
    reader.read(`${stamp} [info] <0.${process}.0> ${body}`);
  }
  reader.flush();
  const telling = reader.isTelling;
  reader.end();
  return { story, telling };
}

const TOLD = ['1 connected', '1 closed session-taken-over', '2 connected'];

test('reads the same whichever of the two processes was faster, and infers nothing', () => {
  const endFirst = read([
    [1, 'accepted'],
    [1, 'evicted'],
    [2, 'accepted'],
  ]);
  const newcomerFirst = read([
    [1, 'accepted'],
    [2, 'accepted'],
    [1, 'evicted'],
  ]);
  expect(endFirst).toEqual({ story: TOLD, telling: false });
  expect(newcomerFirst).toEqual(endFirst);
});

test('is not over while the evicted session has not said so; at the end the newcomer is told', () => {
  const { story, telling } = read([
    [1, 'accepted'],
    [2, 'accepted'],
  ]);
  expect(telling).toBe(true);
  expect(story).toEqual(['1 connected', '2 connected']);
});

test('of a newcomer that leaves first is inferred, and its own line is not told twice', () => {
  const { story } = read([
    [1, 'accepted'],
    [2, 'accepted'],
    [2, 'left'],
    [1, 'evicted'],
    [3, 'accepted'],
  ]);
  expect(story).toEqual([
    '1 connected',
    '1 closed session-taken-over?',
    '2 connected',
    '2 closed client-initiated',
    '3 connected',
  ]);
});

test('of three in a row keeps the order of the three, whatever the order of their ends', () => {
  const { story } = read([
    [1, 'accepted'],
    [2, 'accepted'],
    [3, 'accepted'],
    [2, 'evicted'],
    [1, 'evicted'],
  ]);
  expect(story).toEqual([
    '1 connected',
    '1 closed session-taken-over?',
    '2 connected',
    '2 closed session-taken-over',
    '3 connected',
  ]);
});
