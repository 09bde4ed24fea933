/** A start is tried again on other ports when a chosen one was taken, and for no other reason. */
import { expect, test } from 'vitest';
import { startOnFreePorts } from '../../src/broker/loopback-port.ts';
import { EXIT, UserError } from '../../src/core/errors.ts';

const TAKEN = 'it could not be started: listen tcp 127.0.0.1:1: bind: address already in use';

/** Handles that are refused with these words, one after the other, and then run. */
function handles(...refusals: readonly string[]) {
  let made = 0;
  const make = async () => {
    const words = refusals[made];
    made += 1;
    const refusal =
      words === undefined ? undefined : new UserError(EXIT.unavailable, { message: words });
    return { number: made, start: async () => refusal };
  };
  return { make, made: () => made };
}

test('a start whose port was taken is made again, with other ports', async () => {
  const { make } = handles(TAKEN, TAKEN);
  expect((await startOnFreePorts(5, make)).number).toBe(3);
});

test('the last refusal is told when every port was taken', async () => {
  const { make, made } = handles(TAKEN, TAKEN, TAKEN, TAKEN);
  await expect(startOnFreePorts(3, make)).rejects.toThrow(TAKEN);
  expect(made()).toBe(3);
});

test('what another port would not mend is told at once', async () => {
  const { make, made } = handles('its configuration is wrong', TAKEN);
  await expect(startOnFreePorts(5, make)).rejects.toThrow('its configuration is wrong');
  expect(made()).toBe(1);
});
