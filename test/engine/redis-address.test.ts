/** Where Redis is, and that nobody reads its password. */
import { describe, expect, test } from 'vitest';
import { parseRedisUrl, withoutPassword } from '../../src/engine/redis-address.ts';

describe('the URL of a Redis', () => {
  test.each([
    [
      'redis://127.0.0.1',
      { host: '127.0.0.1', port: 6379, db: 0, title: 'redis://127.0.0.1:6379' },
    ],
    [
      'redis://localhost:7000/3',
      { host: 'localhost', port: 7000, db: 3, title: 'redis://localhost:7000/3' },
    ],
    ['redis://[::1]:7000/', { host: '::1', port: 7000, db: 0, title: 'redis://[::1]:7000' }],
    [
      'rediss://redis.internal',
      { host: 'redis.internal', port: 6379, db: 0, tls: {}, title: 'rediss://redis.internal:6379' },
    ],
    [
      'redis://us%40er:p%2Fw@localhost',
      {
        host: 'localhost',
        port: 6379,
        db: 0,
        username: 'us@er',
        password: 'p/w',
        title: 'redis://us%40er@localhost:6379',
      },
    ],
  ])('%s is read', (url, expected) => {
    expect(parseRedisUrl(url)).toEqual(expected);
  });

  test.each([
    '',
    'redis://',
    'http://x',
    'redis://x:99999',
    'redis://localhost/x',
    'redis://localhost?x=1',
    '127.0.0.1:6379',
  ])('%j is none', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(/not the URL of a Redis/);
  });

  test('of another machine needs TLS, or the word of the user', () => {
    expect(() => parseRedisUrl('redis://10.0.0.1')).toThrow(/nothing protects the way to it/);
    expect(parseRedisUrl('redis://10.0.0.1', { insecure: true }).host).toBe('10.0.0.1');
    expect(parseRedisUrl('rediss://10.0.0.1', { caPem: 'pem' }).tls).toEqual({ caPem: 'pem' });
    expect(() => parseRedisUrl('redis://127.0.0.1', { caPem: 'pem' })).toThrow(/rediss/);
  });

  test('takes the password from elsewhere when it has none', () => {
    expect(parseRedisUrl('redis://localhost', { password: 'p' }).password).toBe('p');
    expect(parseRedisUrl('redis://:own@localhost', { password: 'p' }).password).toBe('own');
  });

  test('never shows the password', () => {
    expect(() => parseRedisUrl('redis://:geheim@10.0.0.1')).toThrow(/^(?!.*geheim)/s);
    expect(() => parseRedisUrl('redis://:geheim@localhost/x')).toThrow(/^(?!.*geheim)/s);
    for (const [text, expected] of [
      ['redis://:geheim@localhost', 'redis://@localhost'],
      ['rediss://me:ge:he@im@localhost/1', 'rediss://me@localhost/1'],
      ['--engine=redis://me:geheim@localhost', '--engine=redis://me@localhost'],
      ['redis://localhost:6379', 'redis://localhost:6379'],
      ['mqtts://a:b@c', 'mqtts://a:b@c'],
    ] as const) {
      expect(withoutPassword(text)).toBe(expected);
    }
  });
});
