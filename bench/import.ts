/** The log of a Mosquitto with many devices, read, paired into sessions and stored. */
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Bench } from './bench.ts';
import { startHelper } from './child.ts';
import type { ImportHelperAnswer, ImportQuestion } from './import-helper.ts';
import { spread } from './spread.ts';

const ROUNDS = 3;
const LINES = 1_000_000;
const DEVICES = 200_000;
/** Devices that are connected at a time. */
const CONNECTED = 20_000;
const LINES_A_WRITE = 5_000;
const STARTED_AT_SECONDS = 1_767_225_600;

export const importBench = {
  title: 'lines a second of a Mosquitto log into the store, against DuckDB splitting it into lines',
  async run({ folder, signal, tell }) {
    const file = path.join(folder, 'mosquitto.log');
    const sessions = writeLog(file);
    const megabytes = Math.round(statSync(file).size / 1e6);
    tell(`log of ${LINES} lines, ${sessions} sessions, ${megabytes} MB`);
    const rounds: { imported: ImportHelperAnswer; reference: ImportHelperAnswer }[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const imported = await asked({ task: 'import', file }, signal);
      const reference = await asked({ task: 'reference', file }, signal);
      rounds.push({ imported, reference });
      tell(`round ${round} of ${ROUNDS}`);
    }
    const rate = ({ seconds }: ImportHelperAnswer): number => LINES / seconds;
    return {
      ...spread(rounds.map(({ imported }) => rate(imported))),
      bar: { atLeast: 300_000 },
      unit: 'log lines a second, as sessions in the store',
      reference: {
        what: 'DuckDB: read_csv of the same file as lines, lines a second',
        ...spread(rounds.map(({ reference }) => rate(reference))),
      },
      details: {
        lines: LINES,
        megabytes,
        sessions,
        events: rounds[0]?.imported.events ?? 0,
        unreadableLines: rounds[0]?.imported.unreadableLines ?? 0,
        peakResidentMiB: spread(rounds.map(({ imported }) => imported.peakResidentMiB)),
      },
    };
  },
} satisfies Bench;

/** A process for each round: its peak memory, and no leftovers of the one before. */
async function asked(question: ImportQuestion, signal: AbortSignal): Promise<ImportHelperAnswer> {
  const helper = startHelper(new URL('./import-helper.ts', import.meta.url), signal);
  try {
    return await helper.ask<ImportHelperAnswer>(question);
  } finally {
    await helper.end();
  }
}

/** Three lines a session with Mosquitto's default stamps; gives the number of sessions. */
function writeLog(file: string): number {
  const descriptor = openSync(file, 'w');
  const connected: string[] = [];
  let lines = ['mosquitto version 2.0.11 starting'].map(stamped(0));
  let written = 0;
  let sessions = 0;
  while (written + lines.length < LINES) {
    const device = `device-${String((sessions * 7919) % DEVICES).padStart(6, '0')}`;
    const peer = `10.0.${sessions % 250}.${(sessions >> 3) % 250}:${1024 + (sessions % 60_000)}`;
    const leaving = connected.length < CONNECTED ? undefined : connected.shift();
    const words = sessions % 5 === 0 ? 'closed its connection' : 'disconnected';
    const said = [
      ...(leaving === undefined ? [] : [`Client ${leaving} ${words}.`]),
      `New connection from ${peer} on port 8883.`,
      `New client connected from ${peer} as ${device} (p2, c1, k60, u'${device}').`,
    ];
    connected.push(device);
    lines.push(...said.slice(0, LINES - written - lines.length).map(stamped(sessions)));
    sessions += 1;
    if (lines.length < LINES_A_WRITE) continue;
    writeSync(descriptor, `${lines.join('\n')}\n`);
    written += lines.length;
    lines = [];
  }
  writeSync(descriptor, `${lines.join('\n')}\n`);
  closeSync(descriptor);
  return sessions;
}

/** Fifty sessions begin in a second. */
function stamped(session: number): (line: string) => string {
  const seconds = STARTED_AT_SECONDS + Math.floor(session / 50);
  return (line) => `${seconds}: ${line}`;
}
