import { expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { identityMapFrom, withIdentity } from '../../src/history/inputs/identity-map.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

test.each([
  ['CSV', `clientId,certificateId\r\npump-1,${A}\r\n"a,b",${B}\r\n`],
  ['CSV with other columns', `x;certificateId;clientId\n1;${A};pump-1\n;${B};a,b\n`],
  [
    'JSON',
    JSON.stringify([
      { clientId: 'pump-1', certificateId: A },
      { clientId: 'a,b', certificateId: B },
    ]),
  ],
  ['a JSON object', JSON.stringify({ 'pump-1': A, 'a,b': B })],
])('%s names the certificate of a client ID', (_name, text) => {
  expect(identityMapFrom(text, 'map').byClientId).toEqual(
    new Map([
      ['pump-1', A],
      ['a,b', B],
    ]),
  );
});

test('a certificate ID may have colons, capitals or 0x', () => {
  const colons = Array<string>(32).fill('AA').join(':');
  const text = `principal,certificateId\nann,${colons}\nbob,0x${'B'.repeat(64)}\n`;
  expect([...identityMapFrom(text, 'map').byPrincipal.values()]).toEqual([A, B]);
});

test('all faults are told at once, with their lines', () => {
  const text = `clientId,certificateId\na,zz\n,${A}\nc,${A}\nc,${B}\n`;
  try {
    identityMapFrom(text, 'map.csv');
    expect.unreachable();
  } catch (error) {
    expect((error as UserError).problems.map(({ line, message }) => [line, message])).toEqual([
      [2, 'certificateId is no certificate ID'],
      [3, 'neither a client ID nor a principal'],
      [5, '"c" has two certificates'],
    ]);
  }
});

test.each(['', 'a,b\n1,2\n', '{', '[]', '{}'])('%j is refused', (text) => {
  expect(() => identityMapFrom(text, 'map')).toThrow(UserError);
});

test('a certificate that the source names is not replaced', () => {
  const map = identityMapFrom(JSON.stringify({ a: A }), 'map');
  const event = {
    kind: 'connected',
    vantage: 'broker',
    at: 1,
    sessionId: '1',
    clientId: 'a',
  } as const;
  expect(withIdentity({ ...event, inferred: ['at'] }, map)).toEqual({
    ...event,
    certificateId: A,
    inferred: ['at', 'certificateId'],
  });
  expect(withIdentity({ ...event, certificateId: B }, map).certificateId).toBe(B);
  expect(withIdentity({ ...event, clientId: 'x' }, map)).toEqual({ ...event, clientId: 'x' });
});
