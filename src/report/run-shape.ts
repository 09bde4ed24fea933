/** What a run measured and did besides its findings, as shapes: see report-shape.ts. Pure. */
import { list, members, optional, type Shape } from './shape.ts';

const texts = list('string');

/** `FixEffects`, as far as its rows are made of it. */
export const EFFECTS: Shape = members({
  sessions: members({
    leftBehind: 'number',
    leftByChange: optional('number'),
    lost: 'number',
  }),
  messages: members({
    deliveries: optional(members({ lost: 'number', duplicated: 'number', notCounted: 'number' })),
    unacknowledged: 'number',
  }),
  banCounter: members({
    connectsMax: 'number',
    windowMs: 'number',
    clientIds: 'number',
    hidden: 'number',
  }),
  certificatesShared: members({ real: 'number', found: 'number' }),
  clientIds: members({ used: 'number', predictable: 'number' }),
  takeovers: members({ count: 'number', perMinute: 'number', lastAfterMs: optional('number') }),
  connects: members({ perSecond: 'number', perSecondMax: 'number' }),
  quietAfterMs: optional('number'),
  recovery: members({
    lost: 'number',
    p50Ms: optional('number'),
    maxMs: optional('number'),
    notBack: 'number',
  }),
  availability: optional(
    members({
      mean: 'number',
      worst: members({ device: 'string', share: 'number' }),
      groups: list(members({ group: 'string', mean: 'number', worst: 'number' })),
    }),
  ),
  brokerCpuMs: optional('number'),
  sessionTheft: optional(
    members({
      trials: list(members({ script: 'string', possible: optional('boolean'), because: 'string' })),
      note: optional('string'),
    }),
  ),
  notes: texts,
});

const step = members({
  what: 'string',
  status: { one: ['done', 'failed', 'observed', 'would'] },
  detail: optional('string'),
  undo: optional('string'),
});

const statuses = ['IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELED', 'SKIPPED', 'PENDING'];

export const MITIGATION: Shape = members({
  taskId: 'string',
  taskStatus: 'string',
  executions: list(
    members({
      findingId: 'string',
      actionName: 'string',
      status: { one: statuses },
      errorCode: optional('string'),
      message: optional('string'),
      doppelfleet: members({ steps: list(step) }),
    }),
  ),
  doppelfleet: members({ dryRun: 'boolean', trail: 'string', notes: texts }),
});

export const ROTATION: Shape = members({
  status: { one: ['completed', 'incomplete', 'failed'] },
  moved: 'number',
  revoked: list(members({ certificate: 'string' })),
  kept: list(members({ certificate: 'string', notMoved: texts })),
  liveOnRevoked: 'number',
  steps: list(step),
  message: optional('string'),
});
