/**
 * Every scenario of the project from file to verdict in virtual time: planned, driven, recorded,
 * audited and judged by the code that does it on sockets, without a socket and within seconds.
 */
import { expect, it } from 'vitest';
import { auditHistory } from '../../src/audit/engine.ts';
import { metricsOf } from '../../src/run/metrics.ts';
import { resolvePlanted } from '../../src/run/planted-identities.ts';
import { builtInScenarios, loadScenario } from '../../src/scenario/load.ts';
import { planScenario } from '../../src/scenario/prepare.ts';
import { judge } from '../../src/verdict/verdict.ts';
import { header, historyText, temporaryFile, trailer } from '../support/history-events.ts';
import { virtualEffects } from '../support/virtual-effects.ts';
import { runVirtually, type VirtualRun } from '../support/virtual-run.ts';

/** The history as a run would have left it: whole milliseconds, in the order of events. */
function historyOf({ events, startedAt, endedAt }: VirtualRun): string {
  const whole = events.map((event) => ({
    ...event,
    at: Math.round(event.at),
    ...(event.abandonedAt === undefined ? {} : { abandonedAt: Math.round(event.abandonedAt) }),
  }));
  const head = header(['broker', 'device'], { startedAt });
  return historyText(whole, head, trailer(whole.length, Math.ceil(endedAt)));
}

async function verdictOf(name: string, fix: string | undefined, mqttVersion: '3.1.1' | '5') {
  const loaded = await loadScenario(name);
  const { expect: expected } = loaded.scenario;
  const overrides = { mqttVersion };
  const plan = planScenario(loaded, fix === undefined ? { overrides } : { overrides, fix });
  const run = await runVirtually(plan, { tellsOfTakeover: mqttVersion === '5' });
  const audit = await auditHistory([await temporaryFile(historyOf(run))], {
    checks: loaded.scenario.audit.checks,
    window: loaded.scenario.audit.window,
  });
  const { effects } = virtualEffects(run, audit);
  return judge({
    expect: (fix === undefined ? undefined : expected.after[fix]) ?? expected,
    planted: resolvePlanted(plan, run.credentials),
    undecided: resolvePlanted(plan, run.credentials, plan.undecided),
    audit,
    metrics: metricsOf(run.statistics, audit.statistics, plan.durationMs, effects),
    neverConnected: run.statistics.devices.neverConnected,
    certificateIds: new Map([...run.credentials].map(([key, one]) => [key, one.certificateId])),
    latenessP99MsMax: plan.limits.latenessP99MsMax,
    quiet: plan.settleMs > 0 ? run.statistics.settle.quiet : undefined,
  });
}

it.each(await builtInScenarios())(
  '%s meets what it expects, before and after its fixes',
  async (name) => {
    const { scenario } = await loadScenario(name);
    for (const fix of [undefined, ...Object.keys(scenario.fixes)]) {
      const { expectations } = await verdictOf(name, fix, fix === undefined ? '5' : '3.1.1');
      const others = expectations.filter(({ outcome }) => outcome !== 'met');
      expect(others, fix ?? 'as it is').toEqual([]);
    }
  },
);
