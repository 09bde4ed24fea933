/** What the renderers use of a stored report, of either kind, as shapes to hold it against. Pure. */
import { CERTIFICATE_DIAGNOSES, CHECK_IDS, DIAGNOSES } from '../core/ids.ts';
import { EFFECTS, MITIGATION, ROTATION } from './run-shape.ts';
import { list, members, optional, type Shape } from './shape.ts';

const outcome: Shape = { one: ['met', 'unmet', 'inconclusive'] };
const ended: Shape = { one: ['completed', 'interrupted', 'failed'] };
const texts = list('string');

const resource = members({
  resourceType: 'string',
  resourceIdentifier: members({
    clientId: optional('string'),
    deviceCertificateId: optional('string'),
    caCertificateId: optional('string'),
    doppelfleetPrincipal: optional('string'),
  }),
});

const finding = members({
  findingId: 'string',
  checkName: { one: CHECK_IDS },
  severity: { one: ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW'] },
  nonCompliantResource: resource,
  relatedResources: optional(list(resource)),
  reasonForNonCompliance: 'string',
  reasonForNonComplianceCode: 'string',
  isSuppressed: 'boolean',
  doppelfleet: members({
    diagnosis: { one: [...DIAGNOSES, ...CERTIFICATE_DIAGNOSES] },
    confidence: 'string',
    because: 'string',
    evidence: list('number'),
    evidenceTotal: 'number',
    occurrences: 'number',
    lastOccurrence: 'time',
    inferred: texts,
    fixes: texts,
  }),
});

const checkDetails = members({
  totalResourcesCount: 'number',
  nonCompliantResourcesCount: 'number',
  suppressedNonCompliantResourcesCount: 'number',
  message: optional('string'),
  doppelfleet: members({ status: { one: ['compliant', 'non-compliant', 'inconclusive'] } }),
});

const distribution = members({ count: 'number', p50: 'number', p99: 'number', max: 'number' });

const worker = members({
  worker: 'string',
  devices: 'number',
  eventLoopDelayMs: members({ p99: 'number', max: 'number' }),
  garbageCollection: members({ totalMs: 'number' }),
  cpuMs: 'number',
  wallMs: 'number',
  residentBytesMax: 'number',
  latenessP99Ms: optional('number'),
  clock: optional(members({ offsetMs: 'number', uncertaintyMs: 'number' })),
  lost: optional('string'),
});

const statistics = members({
  connects: members({
    attempted: 'number',
    accepted: 'number',
    failed: 'number',
    latencyMs: optional(distribution),
    latenessMs: optional(distribution),
  }),
  devices: members({ total: 'number', connected: 'number', neverConnected: texts }),
  messages: members({ published: 'number', acknowledged: 'number', received: 'number' }),
  failures: list(members({ raw: 'string', count: 'number' })),
  settle: members({ quiet: 'boolean', quietAfterMs: 'number' }),
  workers: optional(list(worker)),
});

const counts = members({
  joined: { map: 'number' },
  deviceOnly: 'number',
  brokerOnly: 'number',
  ambiguous: 'number',
  outside: 'number',
  certificatesFromDevice: 'number',
});

const clock = members({
  ms: 'number',
  spreadMs: 'number',
  pairs: 'number',
  basis: 'string',
  precisionMs: members({ device: 'number', broker: 'number' }),
});

const observability = members({
  clocks: list(clock),
  counts,
  disagreements: list(members({ count: 'number', level: 'string', sentence: 'string' })),
  remarks: texts,
});

const blastRadius = members({
  target: 'string',
  loopback: 'boolean',
  devices: 'number',
  certificates: 'number',
  arrivalsPerSecondMax: 'number',
  durationMs: 'number',
  settleMs: 'number',
  groups: texts,
  planted: texts,
  uncertain: texts,
});

const broker = members({ id: 'string', version: 'string', endpoint: 'string' });

const run = members({
  fix: optional(
    members({
      name: 'string',
      title: 'string',
      costs: texts,
      parts: optional(list(members({ strategy: 'string', title: 'string' }))),
    }),
  ),
  runId: 'string',
  folder: 'string',
  history: 'string',
  startedAt: 'time',
  faultsEndedAt: 'number',
  endedAt: 'number',
  outcome: ended,
  failure: optional('string'),
  broker,
  blastRadius,
  statistics,
  metrics: { map: 'number' },
  audit: members({
    taskStartTime: 'number',
    findings: list(finding),
    auditDetails: { map: checkDetails },
    notes: texts,
  }),
  observability: optional(observability),
  effects: optional(EFFECTS),
  mitigation: optional(MITIGATION),
  rotation: optional(ROTATION),
  verdict: members({
    outcome,
    expectations: list(
      members({ kind: 'string', text: 'string', outcome, because: 'string', findings: texts }),
    ),
  }),
  notes: texts,
});

const common = {
  toolVersion: 'string',
  nodeVersion: 'string',
  folder: 'string',
  reproduce: 'string',
  outcome,
} as const satisfies Readonly<Record<string, Shape>>;

/** The report of a fleet. */
export const FLEET_REPORT: Shape = members({
  ...common,
  scenario: members({
    name: 'string',
    purpose: 'string',
    file: 'string',
    digest: 'string',
    seed: 'number',
  }),
  runs: list(run),
});

/** The report of a script. */
export const SCRIPT_REPORT: Shape = members({
  ...common,
  kind: { one: ['script'] },
  scenario: members({
    name: 'string',
    purpose: 'string',
    file: 'string',
    requirement: optional('string'),
  }),
  mqttVersion: { one: ['3.1.1', '5'] },
  broker: members({
    id: 'string',
    version: 'string',
    endpoint: 'string',
    configuration: optional('string'),
  }),
  history: 'string',
  startedAt: 'time',
  endedAt: 'number',
  ended,
  failure: optional('string'),
  result: members({
    outcome,
    because: 'string',
    steps: list(
      members({
        step: 'number',
        text: 'string',
        line: optional('number'),
        elapsedMs: 'number',
        role: { one: ['control', 'judged'] },
        outcome,
        because: 'string',
        risk: optional('string'),
      }),
    ),
  }),
  observability: optional(observability),
});
