/**
 * Reads histories and logs, in any format that the audit reads, and joins the device's view with the
 * broker's. Raw text is kept (cut short) for showing both sides' lines; memory grows with the number
 * of sessions, 0.5 kB for each side of one, not with the size of the files.
 */
import { EXIT, UserError } from '../../core/errors.ts';
import type { Vantage } from '../event.ts';
import { type LoadedHistory, type LoadOptions, loadHistories } from '../load.ts';
import { SideCollector, type SideFacts } from './collect.ts';
import type { JoinReport, JoinSource } from './join-report.ts';
import { joinSides } from './join-sides.ts';

/**
 * Joins both sides of a run's history, or of a device's history and a broker's history or log. Throws
 * a {@link UserError} (65) for what is no evidence, or when one of the sides is missing.
 */
export async function joinHistory(
  inputs: string | readonly string[],
  options: LoadOptions = {},
): Promise<JoinReport> {
  const names = typeof inputs === 'string' ? [inputs] : inputs;
  const collector = new SideCollector();
  const loaded = await loadHistories(collector, names, options);
  const sides = withSilentSides(collector.sides(), loaded);
  for (const vantage of ['device', 'broker'] as const) {
    if (sides.some((side) => side.vantage === vantage)) continue;
    throw new UserError(EXIT.invalidInput, {
      message: `nothing that was named has the ${vantage}'s side of any connection`,
      hint:
        vantage === 'device'
          ? 'name the history.ndjson of a run; logs of brokers are the other side'
          : "name the broker's log beside the history: history join <history> <log>",
    });
  }
  return joinSides(sides, sourcesOf(loaded, sides));
}

/** A side that was listened to and said nothing is a side all the same: it has no record of anything. */
function withSilentSides(
  sides: readonly SideFacts[],
  loaded: readonly LoadedHistory[],
): readonly SideFacts[] {
  const all = [...sides];
  for (const { run, header } of loaded) {
    for (const vantage of header.source.vantages) {
      if (all.some((side) => side.source === run && side.vantage === vantage)) continue;
      const { startedAt } = header;
      const nothing = { events: 0, from: startedAt, to: startedAt, precisionMs: 1, sessions: [] };
      all.push({ source: run, vantage, ...nothing });
    }
  }
  return all;
}

/** By the number of the recording; of its parts the first names it. */
function sourcesOf(
  loaded: readonly LoadedHistory[],
  sides: readonly SideFacts[],
): readonly JoinSource[] {
  const count = 1 + loaded.reduce((most, { run }) => Math.max(most, run), -1);
  return Array.from({ length: count }, (_, run) => {
    const parts = loaded.filter((one) => one.run === run);
    const [first] = parts;
    const events = (vantage: Vantage): number =>
      sides.find((side) => side.source === run && side.vantage === vantage)?.events ?? 0;
    return {
      file: first?.file ?? '',
      broker: first?.header.source.broker ?? '',
      ...(first?.format === undefined ? {} : { format: first.format }),
      complete: parts.some(({ trailer }) => trailer !== undefined),
      unreadableLines: parts.reduce((sum, { unreadableLines }) => sum + unreadableLines, 0),
      ...spanOf(
        parts,
        sides.filter(({ source }) => source === run),
      ),
      events: { device: events('device'), broker: events('broker') },
    };
  });
}

/** A history of ours says from when to when it was recorded; a log from its first to its last line. */
function spanOf(
  parts: readonly LoadedHistory[],
  sides: readonly SideFacts[],
): Pick<JoinSource, 'from' | 'to'> {
  const own = parts.filter(({ format }) => format === 'doppelfleet');
  const times = [
    ...sides.flatMap(({ from, to }) => [from, to]),
    ...own.flatMap(({ header, trailer }) => [
      header.startedAt,
      trailer?.endedAt ?? header.startedAt,
    ]),
  ];
  if (times.length === 0) return {};
  return {
    from: times.reduce((a, b) => Math.min(a, b)),
    to: times.reduce((a, b) => Math.max(a, b)),
  };
}
