/** What a run and a script tell, put into the live view's stream. */
import {
  type LiveFeed,
  plural,
  printable,
  type Report,
  type RunObserver,
  type RunReport,
  resourceName,
  type ScriptObserver,
  type ScriptReport,
  scriptName,
} from '../index.ts';

type Finding = RunReport['audit']['findings'][number];

const FINDINGS_MAX = 20;
const TEXT_LENGTH_MAX = 1000;

export interface FeedObservers {
  readonly observer: RunObserver;
  readonly scriptObserver: ScriptObserver;
  /** Those that have finished so far. */
  readonly reports: readonly (Report | ScriptReport)[];
}

export function feedObservers(feed: LiveFeed): FeedObservers {
  const reports: (Report | ScriptReport)[] = [];
  const common = {
    brokerStarted: ({ version, endpoint }) =>
      feed.publish({ type: 'broker', broker: `${printable(version)} at ${printable(endpoint)}` }),
    warning: (message) => feed.publish({ type: 'note', text: printable(message, 500) }),
  } satisfies Pick<RunObserver, 'brokerStarted' | 'warning'>;
  return {
    reports,
    observer: { ...common, ...fleetObserver(feed, reports) },
    scriptObserver: { ...common, ...scriptSteps(feed, reports) },
  };
}

function fleetObserver(feed: LiveFeed, reports: (Report | ScriptReport)[]): RunObserver {
  return {
    planned: ({ devices, target }, { scenario, purpose, fix }) =>
      feed.publish({
        type: 'run',
        run: {
          scenario: printable(scenario),
          purpose: printable(purpose, TEXT_LENGTH_MAX),
          ...(fix === undefined ? {} : { fix: printable(fix) }),
          devices,
          target: printable(target),
          seconds: [],
          notable: [],
        },
      }),
    issuing: ({ done, total }) => feed.publish({ type: 'issuing', done, total }),
    progress: (progress) => feed.progress(progress),
    audited: (run) => feed.publish({ type: 'verdict', verdict: verdictOf(run) }),
    finished: (report) => void reports.push(report),
  };
}

function scriptSteps(feed: LiveFeed, reports: (Report | ScriptReport)[]): ScriptObserver {
  let steps = 0;
  return {
    scriptPlanned: (loaded, target) => {
      steps = 0;
      feed.publish({
        type: 'run',
        run: {
          scenario: printable(scriptName(loaded)),
          purpose: printable(loaded.script.purpose, TEXT_LENGTH_MAX),
          target: printable(target),
          seconds: [],
          notable: [],
        },
      });
    },
    step: () => {
      steps++;
    },
    scriptFinished: (report) => {
      reports.push(report);
      feed.publish({
        type: 'verdict',
        verdict: {
          outcome: report.outcome,
          ended: report.ended,
          ...(report.failure === undefined ? {} : { failure: printable(report.failure, 500) }),
          findings: [`${plural(steps, 'step')} played`],
          findingsInAll: 0,
          takeovers: 0,
        },
      });
    },
  };
}

function verdictOf(run: RunReport) {
  const { findings } = run.audit;
  return {
    outcome: run.verdict.outcome,
    ended: run.outcome,
    ...(run.failure === undefined ? {} : { failure: printable(run.failure, 500) }),
    findings: findings.slice(0, FINDINGS_MAX).map(sentenceOf),
    findingsInAll: findings.length,
    takeovers: run.metrics['takeovers.count'] ?? 0,
  };
}

function sentenceOf({ severity, nonCompliantResource, doppelfleet }: Finding): string {
  const { diagnosis, confidence } = doppelfleet;
  const name = printable(resourceName(nonCompliantResource.resourceIdentifier), 100);
  return `${severity.toLowerCase()}: ${name} – ${diagnosis} (${confidence})`;
}
