/**
 * `npm run bench [-- names…]`: one JSON document on stdout, progress on stderr. Bars are reported,
 * not asserted, so the exit code is 0 unless a bench broke (1), was called wrongly (64) or was
 * interrupted (130).
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type BenchContext, type BenchResult, resultOf } from './bench.ts';
import { machine } from './machine.ts';
import { BENCHES, type BenchName, isBenchName } from './registry.ts';

interface Call extends Omit<BenchContext, 'folder' | 'tell' | 'signal'> {
  readonly names: readonly BenchName[];
}

const HELP = `npm run bench [-- [names…] [options]]

Measures speed, each figure beside a reference from the same run, and prints JSON.

Benches (all by default):
${Object.entries(BENCHES)
  .map(([name, { title }]) => `  ${name.padEnd(9)} ${title}`)
  .join('\n')}

Options:
  --devices <n>  connected devices in the memory bench (10000), lateness (10000) and flapping (5000),
                 and the most in scale (19000)
  --seconds <n>  time that is measured in lateness (20), publish (20) and flapping (60)
  --events <n>   events in the convert bench's history (1000000)
  --sessions <n,…>  sessions in the audit bench's datasets (1000000); 100000000 takes ten minutes
                 and 7 GB of disk
  --help         this text
`;

function parseCall(args: readonly string[]): Call | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        devices: { type: 'string' },
        seconds: { type: 'string' },
        events: { type: 'string', default: '1000000' },
        sessions: { type: 'string', default: '1000000' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return '';
    const unknown = positionals.filter((name) => !isBenchName(name));
    if (unknown.length > 0) return `there is no bench ${unknown.join(', ')}; --help lists them`;
    const { devices: asked, seconds: lasting } = values;
    const [devices, events] = [Number(asked ?? 5_000), Number(values.events)];
    const seconds = Number(lasting ?? 60);
    if (!(seconds >= 5 && seconds <= 3_600)) return '--seconds must be 5 to 3600';
    if (!(devices >= 100 && devices <= 100_000)) return '--devices must be 100 to 100000';
    if (!(events >= 10_000 && events <= 20_000_000)) return '--events must be 10000 to 20000000';
    const sessions = values.sessions.split(',').map(Number);
    const isSize = (size: number): boolean => size >= 200_000 && size <= 200_000_000;
    if (!sessions.every((size) => isSize(size) && size % 100_000 === 0)) {
      return '--sessions must be hundred thousands from 200000 to 200000000, with commas between';
    }
    const chosen = positionals.filter(isBenchName);
    const all = Object.keys(BENCHES).filter(isBenchName);
    sessions.sort((a, b) => a - b);
    return {
      names: chosen.length > 0 ? chosen : all,
      devices,
      devicesOr: (byDefault) => (asked === undefined ? byDefault : devices),
      secondsOr: (byDefault) => (lasting === undefined ? byDefault : seconds),
      events,
      sessions,
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function runBenches({ names, ...sizes }: Call, signal: AbortSignal): Promise<number> {
  const root = mkdtempSync(path.join(tmpdir(), 'doppelfleet-bench-'));
  process.on('exit', () => rmSync(root, { recursive: true, force: true }));
  const before = machine();
  const results: BenchResult[] = [];
  const broken: { name: string; error: string }[] = [];
  const startedAt = performance.now();
  for (const name of new Set(names)) {
    const folder = path.join(root, name);
    mkdirSync(folder);
    const tell = (line: string): void => void process.stderr.write(`${name}: ${line}\n`);
    const context: BenchContext = { folder, tell, signal, ...sizes };
    try {
      const result = resultOf(name, await BENCHES[name].run(context));
      const { value, unit, ratio, met } = result;
      const verdict = met === null ? 'no bar' : met ? 'bar met' : 'bar not met';
      tell(`${value} ${unit}, ${ratio} times the reference, ${verdict}`);
      results.push(result);
    } catch (error) {
      if (signal.aborted) return 130;
      broken.push({ name, error: error instanceof Error ? error.message : String(error) });
      tell(`broken: ${broken.at(-1)?.error}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const failed = broken.length > 0 ? { broken } : {};
  const document = { machine: before, seconds, results, ...failed };
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  return broken.length > 0 ? 1 : 0;
}

const call = parseCall(process.argv.slice(2));
if (typeof call === 'string') {
  if (call === '') process.stdout.write(HELP);
  else process.stderr.write(`error: ${call}\n`);
  process.exitCode = call === '' ? 0 : 64;
} else {
  const interrupt = new AbortController();
  const onSignal = (): void => {
    if (interrupt.signal.aborted) process.exit(130);
    process.stderr.write('interrupted: cleaning up\n');
    interrupt.abort(new Error('interrupted'));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  process.exit(await runBenches(call, interrupt.signal));
}
