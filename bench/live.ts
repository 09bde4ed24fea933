/**
 * What the live view takes of the generator's CPU: the same fleet driven with it and without, turn
 * by turn in one process, each device with mutual TLS and a certificate of its own.
 */
import type { Bench } from './bench.ts';
import { startHelper } from './child.ts';
import type { LiveQuestion, LiveRound, LiveSeat } from './live-helper.ts';
import { rounded, spread } from './spread.ts';

const DEVICES = 10_000;
const PER_SECOND = 400;
const ROUNDS = 3;
/** The view may take this share of the CPU. */
const SHARE_MAX = 0.03;

export const liveBench = {
  title: 's of client CPU to drive 10,000 devices with the live view, against without',
  async run({ folder, signal, tell }) {
    const helper = startHelper(new URL('./live-helper.ts', import.meta.url), signal);
    const reader = new AbortController();
    const watched: LiveRound[] = [];
    const alone: LiveRound[] = [];
    let eventsRead = 0;
    try {
      const question: LiveQuestion = { prepare: folder, devices: DEVICES, perSecond: PER_SECOND };
      const { url } = await helper.ask<LiveSeat>(question);
      tell(`${DEVICES} certificates`);
      const reading = readAll(url, reader.signal, () => {
        eventsRead++;
      });
      for (let round = 0; round < ROUNDS; round++) {
        // What comes first is warmer or colder than what follows: they take turns.
        const order = round % 2 === 0 ? [watched, alone] : [alone, watched];
        for (const results of order) {
          const asked: LiveQuestion = { watched: results === watched };
          results.push(await helper.ask<LiveRound>(asked));
        }
        tell(`round ${round + 1} of ${ROUNDS}`);
      }
      reader.abort();
      await reading;
    } finally {
      reader.abort();
      await helper.end();
    }
    const seconds = (rounds: readonly LiveRound[]) =>
      spread(rounds.map(({ cpuMs }) => cpuMs / 1000));
    const reference = seconds(alone);
    const percents = watched.map(({ cpuMs }, round) => {
      const without = alone[round]?.cpuMs ?? Number.NaN;
      return (100 * (cpuMs - without)) / without;
    });
    return {
      ...seconds(watched),
      unit: 's of client CPU for the drive, terminal display and one browser included',
      bar: { atMost: rounded(reference.value * (1 + SHARE_MAX)) },
      reference: { what: 'the same drive unwatched, same unit', ...reference },
      details: {
        devices: DEVICES,
        connectedAtOnce: spread(watched.map(({ connected }) => connected)),
        percentMoreByRound: percents.map(rounded),
        percentInTheViewsCalls: spread(watched.map((one) => (100 * one.viewCpuMs) / one.cpuMs)),
        looksPerRound: spread(watched.map(({ frames }) => frames)),
        takeoversPerRound: spread(watched.map(({ takeovers }) => takeovers)),
        latenessP99Ms: spread([...watched, ...alone].map((one) => one.latenessP99Ms)),
        eventsRead,
        outcomes: [...new Set([...watched, ...alone].map(({ outcome }) => outcome))],
      },
    };
  },
} satisfies Bench;

/** Reads the stream as a browser would, until it is told to stop. */
async function readAll(url: string, signal: AbortSignal, onPart: () => void): Promise<void> {
  const { origin, search } = new URL(url);
  try {
    const { body } = await fetch(`${origin}/events${search}`, { signal });
    if (body === null) throw new Error('the live view sent no stream');
    for await (const _part of body) onPart();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
