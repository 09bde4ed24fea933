/** What a fleet needs against what a machine has. */
import { describe, expect, it } from 'vitest';
import { type BudgetQuestion, budgetProblems } from '../../src/shards/budget.ts';
import { machineLimits } from '../../src/shards/machine-limits.ts';
import { splitPlan } from '../../src/shards/split.ts';
import { planOf } from '../scenario/helpers.ts';

const GIB = 2 ** 30;
const MACHINE = {
  openFilesMax: 20_000,
  ports: { from: 32_768, to: 60_999 },
  availableBytes: 64 * GIB,
};

function question(devices: number, workers = 1, more: Partial<BudgetQuestion> = {}) {
  const shards = splitPlan(planOf(`  many: { devices: ${devices} }\n`), workers);
  const routes = { endpoints: ['127.0.0.1:8883'] as const, sourceAddresses: [] };
  return { shards, routes, machine: MACHINE, ...more } satisfies BudgetQuestion;
}

function sentences(asked: BudgetQuestion): readonly string[] {
  return budgetProblems(asked).map(({ message, hint }) => `${message} — ${hint}`);
}

describe('the budget of a machine', () => {
  it('has nothing against what fits', () => {
    expect(sentences(question(19_000, 1, { brokerDevices: 19_000 }))).toEqual([]);
  });

  it('counts the open files of each process, and names ulimit and --workers', () => {
    expect(sentences(question(25_000))).toEqual([
      '25,000 devices in one process need 25,200 open files, and it may have 20,000 — ' +
        'raise it with ulimit -n 25200, or take more processes with --workers 2',
    ]);
    expect(sentences(question(25_000, 2))).toEqual([]);
  });

  it.each([
    [1_000, 300],
    [5_000, 1_024],
  ])('names as many processes as suffice for %i devices with %i files each', (devices, files) => {
    const machine = { ...MACHINE, openFilesMax: files };
    const [problem = ''] = sentences(question(devices, 1, { machine }));
    const workers = Number(/--workers (\d+)$/.exec(problem)?.[1]);
    expect(workers).toBeGreaterThan(1);
    expect(sentences(question(devices, workers, { machine }))).toEqual([]);
  });

  it('names no processes where none has a file to spare', () => {
    const machine = { ...MACHINE, openFilesMax: 128 };
    const [problem] = sentences(question(50, 1, { machine }));
    expect(problem).toMatch(/ and it may have 128 — raise it with ulimit -n 250$/);
  });

  it('counts those of a broker that is started here', () => {
    const [problem] = sentences(question(25_000, 2, { brokerDevices: 25_000 }));
    expect(problem).toContain('a broker that is started here needs 25,200 open files');
    expect(problem).toContain('ulimit -n 25200');
  });

  it('counts the ports of one way to a broker, and says how many addresses are enough', () => {
    const [problem, ...others] = sentences(question(38_000, 2));
    expect(others).toEqual([]);
    expect(problem).toBe(
      '38,000 connections to 127.0.0.1:8883 need as many ports, and there are 28,232 ' +
        '(32768 to 60999) — spread them over 2 addresses of this machine, such as ' +
        '--source-address 127.0.0.1,127.0.0.2',
    );
    const sourceAddresses = ['127.0.0.1', '127.0.0.2'];
    const endpoints = ['127.0.0.1:8883'] as const;
    expect(sentences(question(38_000, 2, { routes: { endpoints, sourceAddresses } }))).toEqual([]);
  });

  it('knows no addresses of this machine towards another one', () => {
    const routes = { endpoints: ['broker.example:8883'] as const, sourceAddresses: [] };
    const [problem] = sentences(question(38_000, 2, { routes }));
    expect(problem).toMatch(/such as --source-address <address>,<address>$/);
  });

  it('gives several endpoints ports of their own', () => {
    const endpoints = ['127.0.0.1:8883', '127.0.0.1:8884'] as const;
    const routes = { endpoints, sourceAddresses: [] };
    expect(sentences(question(38_000, 2, { routes }))).toEqual([]);
  });

  it('weighs the memory of devices, processes and a broker of ours', () => {
    const machine = { ...MACHINE, availableBytes: GIB };
    const [problem] = sentences(question(12_000, 2, { machine, brokerDevices: 12_000 }));
    expect(problem).toMatch(
      /^12,000 devices take about [\d.]+ GiB of memory, [\d.]+ GiB of it for the broker, and 1\.0 GiB are available — /,
    );
  });

  it('tells everything at once', () => {
    const machine = { ...MACHINE, availableBytes: GIB };
    expect(sentences(question(60_000, 2, { machine, brokerDevices: 60_000 }))).toHaveLength(4);
  });

  it('is read from this machine', () => {
    const { openFilesMax, ports, availableBytes } = machineLimits();
    expect(openFilesMax).toBeGreaterThan(100);
    expect(ports.to).toBeGreaterThan(ports.from);
    expect(availableBytes).toBeGreaterThan(1_000_000);
  });
});
