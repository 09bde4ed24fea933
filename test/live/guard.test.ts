import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../src/live/guard.ts';

const TOKEN = 'a-token';

function refused(port: number, host: string, origin?: string): boolean {
  const headers = { host, ...(origin === undefined ? {} : { origin }) };
  const url = new URL(`http://127.0.0.1/?token=${TOKEN}`);
  return refusalOf({ method: 'GET', headers }, url, { token: TOKEN, port }) !== undefined;
}

describe('the names that the live server answers to', () => {
  it.each(['127.0.0.1', 'localhost'])('leave out port 80, as browsers do: %s', (host) => {
    expect(refused(80, host, `http://${host}`)).toBe(false);
    expect(refused(80, `${host}:80`)).toBe(false);
    expect(refused(8080, host)).toBe(true);
    expect(refused(8080, `${host}:8080`, `http://${host}:8080`)).toBe(false);
  });

  it.each(['', 'evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost:81'])(
    'are ours only, on port 80 too: %j',
    (host) => expect(refused(80, host)).toBe(true),
  );
});
