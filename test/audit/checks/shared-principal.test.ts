import { checkTester } from '../../support/check-tester.ts';
import { certificate, closed, connected, EPOCH, session } from '../../support/history-events.ts';

const named = (
  sessionId: string,
  clientId: string,
  value: string,
  [from, to]: readonly [number, number],
  extra: object = {},
) => {
  const all = { principal: { kind: 'username', value } as const, ...extra };
  return [
    connected(sessionId, clientId, from, all),
    closed(sessionId, clientId, to, 'client-initiated', all),
  ];
};

checkTester('SHARED_PRINCIPAL_CHECK', {
  compliant: [
    {
      name: 'every client has a user name of its own, or takes turns on one',
      events: [
        ...named('1', 'one', 'ann', [0, 900]),
        ...named('2', 'two', 'bob', [0, 900]),
        ...named('3', 'three', 'ann', [900, 1_900]),
      ],
    },
    {
      name: 'certificates are known: AWS’s check answers then',
      events: [
        ...named('1', 'one', 'ann', [0, 900], { certificateId: certificate('a') }),
        ...named('2', 'two', 'ann', [0, 900], { certificateId: certificate('b') }),
      ],
    },
    {
      name: 'user names of different kinds look alike',
      events: [
        ...named('1', 'one', 'ann', [0, 900]),
        ...named('2', 'two', '', [0, 900], { principal: { kind: 'common-name', value: 'ann' } }),
      ],
    },
  ],
  nonCompliant: [
    {
      name: 'one user name of two clients at once, at most ambiguously',
      events: [
        ...named('1', 'one', 'ann', [0, 500]),
        ...named('2', 'two', 'ann', [100, 900]),
        ...session('3', 'three', 'a', [0, 900]),
      ],
      resources: ['username:ann'],
      finding: {
        diagnosis: 'shared-principal',
        confidence: 'ambiguous',
        occurrences: 1,
        lastOccurrence: EPOCH + 500,
        evidence: [0, 1, 2, 3],
      },
    },
    {
      name: 'a user name that is no friend of SQL, and client IDs that are not either',
      events: [
        ...named('1', "'; DROP TABLE sessions; --", 'a\0\n\'"|%=,\u202e😀', [0, 500]),
        ...named('2', '#+/\0', 'a\0\n\'"|%=,\u202e😀', [100, 900]),
      ],
      resources: ['username:a\0\n\'"|%=,\u202e😀'],
    },
  ],
  inconclusive: [
    { name: 'there are no events', events: [], missing: ['no connection evidence'] },
    {
      name: 'a source names neither certificates nor principals',
      events: [connected('1', 'one', 0), connected('2', 'two', 0)],
      missing: ['principal: missing on 2 of 2 sessions'],
    },
  ],
});
