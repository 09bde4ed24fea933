/** Annotations for GitHub: within its limits, and no text from outside is a command to its runner. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareWithBaseline, recordBaseline } from '../../src/matrix/baseline.ts';
import { matrixAnnotations, renderAnnotations, runAnnotations } from '../../src/report/github.ts';
import { commandGuard, workflowCommand } from '../../src/report/github-command.ts';
import { cell, matrixResult, pairPlan } from '../support/matrix-results.ts';
import { expectation, report, run, scriptReport, step } from '../support/run-reports.ts';

interface Command {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

const NAMES = ['error', 'warning', 'notice', 'set-output', 'stop-commands', 'add-mask', 'set-env'];

/** What the runner makes of a line, after actions/runner's ActionCommand: both of its notations. */
function runnerReads(line: string): Command | undefined {
  const trimmed = line.replace(/^[\s\u0085]+/u, '');
  const second = /^::([^ ]*?)(?: (.*?))?::(.*)$/su.exec(trimmed);
  const first = /##\[([^ \]]*)(?: ([^\]]*))?\](.*)$/su.exec(line);
  for (const [match, separator] of [
    [second, ','],
    [first, ';'],
  ] as const) {
    if (match === null || !NAMES.includes((match[1] ?? '').toLowerCase())) continue;
    const properties = (match[2] ?? '').split(separator).flatMap((pair) => {
      const [key, ...value] = pair.split('=');
      return key && value.length > 0 ? [[key, unescaped(value.join('='))] as const] : [];
    });
    return {
      name: match[1] ?? '',
      properties: Object.fromEntries(properties),
      message: unescaped(match[3] ?? ''),
    };
  }
  return undefined;
}

function unescaped(text: string): string {
  return text
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%25', '%');
}

const commands = (text: string) =>
  text.split(/\r\n|[\r\n]/).flatMap((line) => runnerReads(line) ?? []);
const nowhere = () => ({});

/** Text that is made of what commands are made of. */
const piece = fc.constantFrom(
  '::',
  ':',
  '##',
  '#',
  '[',
  ']',
  '##[error]',
  '::error::',
  '::set-output name=a::b',
  '::stop-commands::x',
  '##[add-mask]y',
  '\n',
  '\r',
  '\r\n',
  ' ',
  '\t',
  '\u0085',
  '\u00a0',
  '\u2028',
  '%0A',
  '%25',
  'error',
  ',',
  '=',
  'a',
);
const tricky = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(''));

describe('a workflow command', () => {
  it('carries title, place and message as GitHub reads them', () => {
    const line = workflowCommand({
      level: 'error',
      title: 'a: b, c 100%',
      message: 'one\ntwo: 50%, done',
      file: 'scenarios/a,b.yaml',
      line: 7,
      column: 3,
    });
    expect(line).toBe(
      '::error file=scenarios/a%2Cb.yaml,line=7,col=3,title=a%3A b%2C c 100%25::one%0Atwo: 50%25, done\n',
    );
    expect(commands(line)).toEqual([
      {
        name: 'error',
        properties: { file: 'scenarios/a,b.yaml', line: '7', col: '3', title: 'a: b, c 100%' },
        message: 'one\ntwo: 50%, done',
      },
    ]);
  });

  it('is one command whatever its texts hold', () => {
    fc.assert(
      fc.property(tricky, tricky, tricky, (title, message, file) => {
        const read = commands(workflowCommand({ level: 'warning', title, message, file, line: 1 }));
        expect(read).toHaveLength(1);
        expect(read[0]?.name).toBe('warning');
        expect(Object.keys(read[0]?.properties ?? {})).toEqual(['file', 'line', 'title']);
        expect(read[0]?.properties.line).toBe('1');
      }),
    );
  });
});

describe('the guard of a log', () => {
  it('lets no line be a command, however it is cut into pieces', () => {
    fc.assert(
      fc.property(fc.array(tricky, { maxLength: 8 }), (pieces) => {
        const guard = commandGuard();
        expect(commands(pieces.map(guard).join(''))).toEqual([]);
      }),
    );
  });

  it('would be missed: the runner reads the same text without it', () => {
    expect(commands('x\n  ::set-output name=a::b')).toHaveLength(1);
    expect(commands('id ##[add-mask]y')).toHaveLength(1);
  });

  it('leaves all other text as it is, and JSON means what it meant', () => {
    const guard = commandGuard();
    expect(guard('a::b ## [x] # c: d\n:e\n')).toBe('a::b ## [x] # c: d\n:e\n');
    const value = { id: '##[error]x', colons: '::' };
    expect(JSON.parse(guard(JSON.stringify(value, null, 2)))).toEqual(value);
  });
});

describe('annotations of runs', () => {
  it('are errors for unmet, warnings for inconclusive, and one notice for the whole', () => {
    const annotations = runAnnotations(
      [
        report([
          run([expectation('met', 'fine'), expectation('unmet', 'no takeover', 'there were 3')]),
          run([expectation('inconclusive', 'on time', 'it was late')], {
            fix: { name: 'uuid', title: '', costs: [], parts: [] },
          }),
        ]),
        scriptReport([step('met', { role: 'control' }), step('unmet')]),
      ],
      (_, { line }) => ({ file: 'a.yaml', line: line ?? 3 }),
    );
    expect(annotations.map(({ level, title, line }) => [level, title, line])).toEqual([
      ['error', 'a-scenario: unmet', 3],
      ['warning', 'a-scenario with uuid: inconclusive', 3],
      ['error', 'a-script: a thief reads the queue', 7],
      ['notice', 'doppelfleet: unmet', undefined],
    ]);
    expect(annotations[0]?.message).toContain('no takeover: there were 3');
    expect(annotations[0]?.message).toContain('again: doppelfleet run a-scenario --seed 7');
  });

  it('stay within ten of a level, and the last one counts those beyond', () => {
    const many = Array.from({ length: 25 }, (_, n) => expectation('unmet', `bound ${n}`, 'no'));
    const read = commands(renderAnnotations(runAnnotations([report([run(many)])], nowhere)));
    const errors = read.filter(({ name }) => name === 'error');
    expect(errors).toHaveLength(10);
    expect(errors[9]?.properties.title).toBe('16 more');
    const ten = Array.from({ length: 10 }, () => expectation('unmet'));
    const all = commands(renderAnnotations(runAnnotations([report([run(ten)])], nowhere)));
    expect(all.filter(({ name }) => name === 'error')).toHaveLength(10);
    expect(all.some(({ properties }) => /more$/.test(properties.title ?? ''))).toBe(false);
  });

  it('blame nobody for a script whose control failed', () => {
    const failed = step('unmet', { role: 'control', text: 'owner connects' });
    const broken = scriptReport([failed], {
      outcome: 'inconclusive',
      result: { steps: [failed], outcome: 'inconclusive', because: 'the owner was refused' },
    });
    const levels = runAnnotations([broken], nowhere).map(({ level }) => level);
    expect(levels).toEqual(['warning', 'notice']);
  });
});

describe('annotations of a matrix', () => {
  const place = ({ configuration }: { readonly configuration: string }) => ({
    file: `broker/${configuration}.conf`,
    line: 1,
  });

  it('are cells that are not met, except those that are insecure on purpose', () => {
    const cells = [
      cell('b/open/theft', 'unmet'),
      cell('b/closed/theft', 'met'),
      cell('b/other/theft', 'unmet'),
      cell('b/other/late', 'inconclusive'),
    ];
    const of = (name: string) => ({ broker: 'b', configuration: name, scenario: 'theft' });
    const result = matrixResult(cells, [pairPlan(of('closed'), of('open'))]);
    const told = matrixAnnotations(result, place).map(({ level, file }) => [level, file]);
    expect(told).toEqual([
      ['error', 'broker/other.conf'],
      ['warning', 'broker/other.conf'],
      ['notice', undefined],
    ]);
  });

  it('are only what has changed when there is a baseline', () => {
    const before = matrixResult([cell('b/c/theft', 'met'), cell('b/c/other', 'unmet')]);
    const cells = [cell('b/c/theft', 'unmet'), cell('b/c/other', 'unmet')];
    const after = matrixResult(cells);
    const comparison = compareWithBaseline(after, recordBaseline(before), { file: 'base.json' });
    const told = matrixAnnotations({ ...after, comparison }, place);
    expect(told.map(({ level, file }) => [level, file])).toEqual([
      ['error', 'broker/c.conf'],
      ['notice', undefined],
    ]);
    expect(told[0]?.message).toContain('theft harms the owner');
  });
});
