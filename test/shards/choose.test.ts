/** How many processes a fleet is worth. */
import { describe, expect, it } from 'vitest';
import { localEngine, workersFor } from '../../src/shards/choose.ts';
import { planOf } from '../scenario/helpers.ts';

describe('workersFor', () => {
  it('is one for a small fleet, whatever the cores', () => {
    expect(workersFor(planOf('  few: { devices: 50 }\n'), 64)).toBe(1);
  });

  it('grows with the devices, and leaves one core to the rest', () => {
    const many = planOf('  many: { devices: 12000 }\n');
    expect(workersFor(many, 8)).toBe(3);
    expect(workersFor(many, 3)).toBe(2);
    expect(workersFor(many, 1)).toBe(1);
  });

  it('grows with the messages of a second', () => {
    const loud = planOf('  loud: { devices: 1000, publish: { every: 20ms, qos: 0 } }\n');
    expect(workersFor(loud, 8)).toBe(3);
  });

  it('grows with the connects of a second', () => {
    const storm = planOf('  storm: { devices: 1000 }\narrival: { rate: 1000/s }\n');
    expect(workersFor(storm, 8)).toBe(4);
  });
});

describe('localEngine', () => {
  const plan = planOf('  few: { devices: 50 }\n');

  it('is this process for one worker, and so many processes for more', () => {
    expect(localEngine(1)(plan)).toMatchObject({ title: 'this process', workers: 1, here: 1 });
    expect(localEngine(3)(plan)).toMatchObject({ title: '3 worker processes', here: 3 });
  });

  it('keeps a small fleet in this process, and gives a large one a process of its own', () => {
    const large = planOf('  many: { devices: 1001 }\narrival: { rate: 100/s }\n');
    expect(localEngine('auto')(plan)).toMatchObject({ title: 'this process' });
    expect(localEngine('auto')(large)).toMatchObject({ title: '1 worker process', here: 1 });
    expect(localEngine(1)(large)).toMatchObject({ title: 'this process' });
  });
});
