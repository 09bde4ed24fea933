/** The house rules, read from the code: import directions, homes of dependencies, file lengths. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** Which folders a folder may import. `index.ts` may re-export all; `cli` may import only it. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  behaviour: ['core'],
  scenario: ['core', 'behaviour'],
  identity: ['core'],
  history: ['core'],
  broker: ['core', 'history'],
  fleet: ['core', 'behaviour', 'scenario', 'identity', 'history', 'broker'],
  shards: ['core', 'scenario', 'identity', 'history', 'broker', 'fleet'],
  engine: ['core', 'scenario', 'identity', 'history', 'broker', 'fleet', 'shards'],
  audit: ['core', 'history'],
  verdict: ['core', 'scenario', 'audit'],
  script: ['core', 'behaviour', 'scenario', 'identity', 'history', 'broker', 'verdict'],
  matrix: ['core', 'scenario', 'script', 'broker', 'verdict'],
  probe: ['core', 'identity', 'history', 'broker', 'script'],
  effects: ['core', 'behaviour', 'scenario', 'history', 'fleet', 'audit'],
  fixing: ['core', 'scenario', 'audit', 'verdict'],
  mitigation: ['core', 'scenario', 'identity', 'history', 'broker', 'audit', 'script', 'probe'],
  report: [
    'core',
    'scenario',
    'history',
    'broker',
    'fleet',
    'audit',
    'verdict',
    'script',
    'matrix',
    'probe',
    'effects',
    'fixing',
    'mitigation',
  ],
  page: ['core', 'scenario', 'history', 'fleet', 'audit', 'verdict', 'effects', 'report'],
  live: ['core', 'page', 'report'],
  metrics: ['core', 'fleet', 'live'],
  run: [
    'core',
    'behaviour',
    'scenario',
    'identity',
    'history',
    'broker',
    'fleet',
    'audit',
    'verdict',
    'script',
    'matrix',
    'probe',
    'effects',
    'fixing',
    'mitigation',
    'report',
    'page',
    'live',
    'metrics',
    'shards',
    'engine',
  ],
  cli: ['index.ts'],
};

/** The one folder or file of each dependency; types may be imported where they are passed through. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  '@aws-sdk/client-sns': ['mitigation/'],
  '@duckdb/node-api': ['history/'],
  '@opentelemetry/exporter-metrics-otlp-http': ['metrics/'],
  '@opentelemetry/exporter-prometheus': ['metrics/'],
  '@opentelemetry/resources': ['metrics/'],
  '@opentelemetry/sdk-metrics': ['metrics/'],
  aedes: ['broker/embedded/'],
  bullmq: ['engine/'],
  'cli-table3': ['report/style.ts'],
  'csv-parse': ['identity/'],
  'hdr-histogram-js': ['fleet/time-histogram.ts'],
  ioredis: ['engine/'],
  'mqtt-packet': ['fleet/', 'script/'],
  'node-forge': ['identity/asn1.ts'],
  'p-limit': ['identity/', 'run/'],
  picocolors: ['report/style.ts'],
  tinyglobby: ['history/'],
  uuid: ['scenario/client-id.ts'],
  vitest: ['vitest.ts'],
  yaml: ['core/yaml-document.ts'],
  yargs: ['cli/'],
  zod: [
    'behaviour/',
    'broker/embedded/',
    'engine/',
    'scenario/',
    'script/',
    'matrix/',
    'mitigation/',
  ],
};

/** Loaded by `import()` only, so that `plan` and `--help` start fast. */
const HEAVY = [
  '@aws-sdk/client-sns',
  '@duckdb/node-api',
  '@opentelemetry/exporter-metrics-otlp-http',
  '@opentelemetry/exporter-prometheus',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-metrics',
  'aedes',
  'bullmq',
  'hdr-histogram-js',
  'ioredis',
  'node-forge',
];
/** Runs in a process of its own. */
const BROKER_PROCESS = 'broker/embedded/';

interface Import {
  readonly from: string;
  readonly target: string;
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

const files: readonly SourceFile[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(join(SRC, path), 'utf8');
    return { path, text, imports: importsOf(path, text) };
  });

function importsOf(path: string, text: string): readonly Import[] {
  const statements = [
    ...text.matchAll(/^(?:import|export)\s+(type\s+)?[^;'"]*?from\s+['"]([^'"]+)['"]/gm),
    ...text.matchAll(/^import\s+()['"]([^'"]+)['"]/gm),
  ].map((match) => ({
    from: path,
    target: match[2] ?? '',
    typeOnly: match[1] !== undefined && match[1] !== '',
    dynamic: false,
  }));
  // `typeof import('x')` is a type, `await import('x')` loads.
  const dynamic = [...text.matchAll(/(typeof\s+)?import\(\s*['"]([^'"]+)['"]/g)].map((match) => ({
    from: path,
    target: match[2] ?? '',
    typeOnly: match[1] !== undefined,
    dynamic: true,
  }));
  return [...statements, ...dynamic];
}

function roomOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : path;
}

function resolved({ from, target }: Import): string {
  return relative(SRC, resolve(SRC, dirname(from), target));
}

const ours = files.flatMap((file) => file.imports.filter(({ target }) => target.startsWith('.')));
const packages = files.flatMap((file) =>
  file.imports.filter(({ target }) => !target.startsWith('.') && !target.startsWith('node:')),
);

describe('the house', () => {
  it('has source files and imports to judge', () => {
    expect(files.length).toBeGreaterThan(80);
    expect(ours.length).toBeGreaterThan(200);
  });

  it('has a rule for every folder', () => {
    const rooms = new Set(
      files.map((file) => roomOf(file.path)).filter((room) => !room.includes('.')),
    );
    expect([...rooms].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });

  it('lets imports point only in the direction of the data', () => {
    const wrong = ours
      .filter(({ from }) => from.includes('/'))
      .filter((one) => {
        const [room, target] = [roomOf(one.from), roomOf(resolved(one))];
        return room !== target && !(MAY_IMPORT[room] ?? []).includes(target);
      })
      .map((one) => `${one.from} imports ${resolved(one)}`);
    expect(wrong).toEqual([]);
  });

  it('has no circles of files that load one another', () => {
    const graph = new Map<string, string[]>();
    for (const one of ours.filter(({ typeOnly }) => !typeOnly)) {
      graph.set(one.from, [...(graph.get(one.from) ?? []), resolved(one)]);
    }
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, trail: readonly string[]): void => {
      if (trail.includes(file))
        circles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
      if (done.has(file) || trail.includes(file)) return;
      for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
      done.add(file);
    };
    for (const file of graph.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });

  it('gives every dependency one home', () => {
    const wrong = packages
      .filter(({ from, target }) => {
        const name = packageName(target);
        return !(HOMES[name] ?? []).some((home) => from.startsWith(home));
      })
      .map(({ from, target }) => `${from} imports ${target}`);
    expect(wrong).toEqual([]);
  });

  it('loads heavy dependencies only when they are needed', () => {
    const eager = packages
      .filter(({ target }) => HEAVY.includes(packageName(target)))
      .filter(
        ({ from, typeOnly, dynamic }) => !typeOnly && !dynamic && !from.startsWith(BROKER_PROCESS),
      )
      .map(({ from, target }) => `${from} imports ${target}`);
    expect(eager).toEqual([]);
  });

  it('keeps clocks, randomness and the console out of the pure parts', () => {
    const pure = [
      'core',
      'behaviour',
      'scenario',
      'audit',
      'verdict',
      'report',
      'effects',
      'fixing',
      'page',
    ];
    const forbidden =
      /\bDate\.now\(|new Date\(\)|Math\.random\(|\bsetTimeout\(|\bsetInterval\(|\bconsole\./;
    const wrong = files
      .filter(
        (file) => pure.includes(roomOf(file.path)) && forbidden.test(withoutComments(file.text)),
      )
      .map((file) => file.path);
    // The only place where an audit asks the clock: a window that ends now.
    expect(wrong.filter((path) => path !== 'audit/engine.ts')).toEqual([]);
  });

  it('keeps each file one idea', () => {
    const long = files
      .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
      .filter(({ lines }) => lines > 300);
    expect(long).toEqual([]);
  });

  it('opens every file with a sentence on what it is', () => {
    const bare = files.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text)).map(({ path }) => path);
    expect(bare).toEqual([]);
  });
});

function packageName(target: string): string {
  const [scope = '', name] = target.split('/');
  return scope.startsWith('@') ? `${scope}/${name}` : scope;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}
