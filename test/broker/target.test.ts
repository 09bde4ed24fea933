import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkTarget, isLoopback } from '../../src/broker/target.ts';
import { UserError } from '../../src/core/errors.ts';

const LIST = { named: [], confirmed: [], userFile: '~/.config/doppelfleet/targets.yaml' };

function refusal(host: string, port: number, list = {}): string | undefined {
  try {
    checkTarget(host, port, { ...LIST, ...list });
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ exitCode: 64 });
    return String(error);
  }
}

describe('loopback', () => {
  test.each(['127.0.0.1', '127.255.255.254', 'localhost', 'LOCALHOST', '::1', '0:0:0:0:0:0:0:1'])(
    '%s is this machine',
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );

  test.each([
    '128.0.0.1',
    '10.0.0.1',
    '0.0.0.0',
    '::',
    '::2',
    '::1%eth0',
    'fe80::1',
    '::ffff:10.0.0.1',
    '127.1',
    '127.0.0.1.example.com',
    '0x7f000001',
    '2130706433',
    'localhost.example.com',
    'localhost.',
    'localtest.me',
    '',
    ' 127.0.0.1',
    '127.0.0.1\n',
  ])('%j is not known to be this machine', (host) => {
    expect(isLoopback(host)).toBe(false);
  });

  test('of all IPv4 addresses, exactly those of 127.0.0.0/8 are loopback', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isLoopback(address)).toBe(address.split('.')[0] === '127');
      }),
    );
  });
});

describe('targets', () => {
  test('loopback needs no permission', () => {
    expect(refusal('127.0.0.1', 8883)).toBeUndefined();
  });

  test('another host is refused with both things that are to do', () => {
    expect(refusal('broker.example.com', 8883)).toBe(
      'UserError: broker.example.com:8883 is not this machine and has not been allowed as a target' +
        ' — if you may attack it, name it under "targets:" in the scenario or in' +
        ' ~/.config/doppelfleet/targets.yaml and name it on the command line' +
        ' (--broker mqtts://broker.example.com:8883)',
    );
  });

  test('one permission of the two is not enough', () => {
    const named = ['broker.example.com'];
    expect(refusal('broker.example.com', 8883, { named })).toMatch(/command line/);
    expect(refusal('broker.example.com', 8883, { confirmed: named })).toMatch(/targets:/);
  });

  test.each([
    ['broker.example.com', 'broker.example.com', 'Broker.Example.com:8883'],
    ['2001:db8::1', '2001:db8::1', '[2001:DB8:0::1]:8883'],
    ['10.0.0.1', '10.0.0.1:8883', ' 10.0.0.1 '],
  ])('%s is allowed when it is named twice, with its port or without', (host, name, again) => {
    expect(refusal(host, 8883, { named: [name], confirmed: [again] })).toBeUndefined();
  });

  test.each([
    ['broker.example.com', 'example.com'],
    ['broker.example.com', '*'],
    ['broker.example.com', '*.example.com'],
    ['broker.example.com', 'broker.example.com:1883'],
    ['10.0.0.1', '10.0.0.0/8'],
    ['2001:db8::1', '[2001:db8::1]:1883'],
  ])('%s is not allowed by %s', (host, entry) => {
    expect(refusal(host, 8883, { named: [entry], confirmed: [host] })).toMatch(/targets:/);
  });

  test('a host can not write to the terminal through the refusal', () => {
    expect(refusal('\u001b[2J.example.com', 8883)).not.toContain('\u001b');
  });
});
