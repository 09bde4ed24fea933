/**
 * Holds what was found against what had to be found. Pure: expectations, planted truth, findings
 * and statistics in, one answer with its reasons out.
 */
import { plural, printable } from '../core/text.ts';
import type { Threshold } from '../scenario/thresholds.ts';
import { type Draft, type JudgeInput, round, type Verdict } from './expectation.ts';
import { judgeFindings } from './judge-findings.ts';
import { mergeOutcomes } from './outcome.ts';

export function judge(input: JudgeInput): Verdict {
  const health = [...brokerHealth(input), ...generatorHealth(input)];
  const sound = health.every((result) => result.outcome === 'met');
  const drafts = [
    ...health,
    ...judgeRefusals(input),
    ...judgeFindings(input),
    ...judgeThresholds(input),
    ...judgeQuiet(input),
  ];
  const expectations = drafts.map(({ findings = [], ...draft }) => ({
    ...draft,
    // What an unsound run shows proves nothing against the broker or the fleet.
    outcome: draft.outcome === 'unmet' && !sound ? ('inconclusive' as const) : draft.outcome,
    findings: findings.map((finding) => finding.findingId),
  }));
  return { outcome: mergeOutcomes(expectations.map((one) => one.outcome)), expectations };
}

function brokerHealth({ failure, metrics }: JudgeInput): Draft[] {
  if (failure !== undefined) {
    return [
      { kind: 'broker', text: 'the run is whole', outcome: 'inconclusive', because: failure },
    ];
  }
  if (metrics['connects.accepted'] === 0) {
    return [
      {
        kind: 'broker',
        text: 'the broker accepts devices',
        outcome: 'inconclusive',
        because: 'no device was accepted, so nothing could be observed',
      },
    ];
  }
  return [];
}

function generatorHealth(input: JudgeInput): Draft[] {
  const { metrics, latenessP99MsMax, limitsPassed = [] } = input;
  const lateness = metrics['connects.lateness.p99'];
  const passed = limitsPassed.map(
    (limit): Draft => ({ kind: 'generator', outcome: 'inconclusive', ...limit }),
  );
  if (lateness === undefined) return passed;
  const late = lateness > latenessP99MsMax;
  return [
    {
      kind: 'generator',
      text: `our own connects start on time (p99 of lateness at most ${latenessP99MsMax} ms)`,
      outcome: late ? 'inconclusive' : 'met',
      because: `p99 of lateness is ${round(lateness)} ms${late ? ': the generator was the bottleneck' : ''}`,
    },
    ...passed,
  ];
}

function judgeRefusals({ mustBeRefused = [], neverConnected }: JudgeInput): Draft[] {
  if (mustBeRefused.length === 0) return [];
  const absent = new Set(neverConnected);
  const connected = mustBeRefused.filter((name) => !absent.has(name));
  const shown = connected.slice(0, 3).map((name) => printable(name, 60));
  return [
    {
      kind: 'refused',
      text: `the broker refuses the ${plural(mustBeRefused.length, 'device')} that it must`,
      outcome: connected.length === 0 ? 'met' : 'unmet',
      because:
        connected.length === 0
          ? 'none of them ever connected'
          : `${connected.length} connected: ${shown.join(', ')}${connected.length > 3 ? ', …' : ''}`,
    },
  ];
}

function judgeThresholds({ expect, metrics }: JudgeInput): Draft[] {
  return expect.thresholds.map((threshold) => {
    const value = metrics[threshold.metric];
    if (value === undefined) {
      return {
        kind: 'threshold',
        text: threshold.text,
        outcome: 'inconclusive',
        because: `${threshold.metric} was not measured`,
      };
    }
    return {
      kind: 'threshold',
      text: threshold.text,
      outcome: holds(value, threshold) ? 'met' : 'unmet',
      because: `${threshold.metric} is ${round(value)}`,
    };
  });
}

function judgeQuiet({ quiet, metrics }: JudgeInput): Draft[] {
  if (quiet === undefined) return [];
  const after = metrics['settle.quietAfter'];
  return [
    {
      kind: 'quiet',
      text: 'the fleet becomes quiet once the faults end',
      outcome: quiet ? 'met' : 'unmet',
      because: quiet
        ? `the last change came ${round(after ?? 0)} ms after the faults ended`
        : 'devices still connected and closed when the settle time was over',
    },
  ];
}

function holds(value: number, { operator, limit }: Threshold): boolean {
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '==':
      return value === limit;
    case '!=':
      return value !== limit;
  }
}
