import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BrokerConfiguration } from '../../src/broker/configuration.ts';
import { loadConfiguration, loadConfigurations } from '../../src/broker/load-configuration.ts';
import { renderConfiguration } from '../../src/broker/render-configuration.ts';
import { CONFIGURATION_BYTES_MAX } from '../../src/core/limits.ts';

const SHIPPED = fileURLToPath(new URL('../../configurations', import.meta.url));

/** Every problem as `line:column message`, or what was thrown instead. */
async function problemsOf(attempt: () => unknown): Promise<readonly string[]> {
  try {
    await attempt();
    return [];
  } catch (error) {
    const { problems = [] } = error as { problems?: readonly Record<string, unknown>[] };
    expect(error).toMatchObject({ name: 'UserError', exitCode: 65 });
    return problems.map(({ line, column, message }) =>
      line === undefined ? String(message) : `${line}:${column} ${message}`,
    );
  }
}

function configuration(files: Readonly<Record<string, string>>): BrokerConfiguration {
  const all = new Map(Object.entries(files));
  const [main = ''] = all.keys();
  return { name: 'x/y', broker: 'mosquitto', path: `x/${main}`, main, files: all };
}

describe('rendering a configuration', () => {
  test('placeholders are filled in, companions are paths in the folder', () => {
    const { files, uses } = renderConfiguration(
      configuration({
        'a.conf': 'listener {{port}} 127.0.0.1\nacl_file {{ file: a.acl }}\n',
        'a.acl': '# for {{port}}\n',
      }),
      { port: '1884' },
      'there',
    );
    expect(Object.fromEntries(files)).toEqual({
      'a.conf': 'listener 1884 127.0.0.1\nacl_file there/a.acl\n',
      'a.acl': '# for 1884\n',
    });
    expect([...uses]).toEqual(['port']);
  });

  test('a line behind a value of several lines is mapped back to its author', () => {
    const text = 'one\n{{harness}}\nthree {{port}}\n{{users}} four\nfive';
    const values = { harness: 'h1\nh2\nh3', port: '1', users: 'u1\nu2' };
    const { files, lineOf } = renderConfiguration(configuration({ 'a.conf': text }), values, '.');
    const rendered = files.get('a.conf')?.split('\n') ?? [];
    expect(rendered.map((line, i) => `${lineOf('a.conf', i + 1)} ${line}`)).toEqual([
      '1 one',
      '2 h1',
      '2 h2',
      '2 h3',
      '3 three 1',
      '4 u1',
      '4 u2 four',
      '5 five',
    ]);
  });

  test('what stands for a placeholder is not looked at for placeholders', () => {
    const values = { port: '{{serverKey}}', serverKey: 'secret' };
    const { files } = renderConfiguration(configuration({ a: '{{port}}' }), values, '.');
    expect(files.get('a')).toBe('{{serverKey}}');
  });

  test('double braces that hold no name are left alone', () => {
    const text = '{{port}} [{{127,0,0,1}, 1883}] {{}} { {port} }';
    const { files } = renderConfiguration(configuration({ a: text }), { port: '1' }, '.');
    expect(files.get('a')).toBe('1 [{{127,0,0,1}, 1883}] {{}} { {port} }');
  });

  test('a placeholder that nothing stands for is named with its place', async () => {
    const subject = configuration({ a: '{{port}}\n  {{crl}} {{file:b}}' });
    expect(await problemsOf(() => renderConfiguration(subject, { port: '1' }, '.'))).toEqual([
      '2:3 nothing stands for {{crl}} in this run',
      '2:11 the configuration has no file b',
    ]);
  });

  test('a changed text gets the same values, and may be garbage', () => {
    const subject = configuration({ a: '{{port}}' });
    const { fill } = renderConfiguration(subject, { port: '1' }, '.');
    expect(fill('x {{port}} {{nothing}} {{file:../b}}').text).toBe('x 1 {{nothing}} {{file:../b}}');
  });
});

describe('loading a configuration', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'doppelfleet-configurations-'));
    mkdirSync(path.join(folder, 'mosquitto'));
    mkdirSync(path.join(folder, 'rabbitmq'));
    mkdirSync(path.join(folder, 'other'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function write(name: string, text: string | Buffer): string {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    return file;
  }

  test('broker and name come from the folder, companions from what names them', async () => {
    const file = write('mosquitto/a.conf', '{{port}} {{file:one.acl}}');
    write('mosquitto/one.acl', 'see {{file:two.txt}}');
    write('mosquitto/two.txt', 'and {{file:a.conf}}');
    expect(await loadConfiguration(file)).toEqual({
      name: 'mosquitto/a',
      broker: 'mosquitto',
      path: file,
      main: 'a.conf',
      files: new Map([
        ['a.conf', '{{port}} {{file:one.acl}}'],
        ['one.acl', 'see {{file:two.txt}}'],
        ['two.txt', 'and {{file:a.conf}}'],
      ]),
    });
  });

  test("RabbitMQ's second file belongs to the first by its name", async () => {
    const file = write('rabbitmq/b.conf', '{{port}}');
    write('rabbitmq/b.advanced.config', '[{{harness}}].');
    const attempt = () => loadConfiguration(file);
    expect(await problemsOf(attempt)).toEqual(['1:2 {{harness}} stands for several lines']);
    write('rabbitmq/b.advanced.config', '[].');
    expect([...(await attempt()).files.keys()]).toEqual(['b.conf', 'b.advanced.config']);
  });

  test('every problem of all files is said at once, with its place', async () => {
    const file = write(
      'mosquitto/bad.conf',
      '# {{harness}}\nlistener {{prot}} {{zzzzzzzz}}\n{{file:../etc}} {{file:none}}\n{{file:bad.acl}}',
    );
    write('mosquitto/bad.acl', 'x {{portt}}');
    expect(await problemsOf(() => loadConfiguration(file))).toEqual([
      '1:3 unknown placeholder {{portt}}',
      'there is no {{port}}',
      '1:3 {{harness}} stands for several lines',
      '2:10 unknown placeholder {{prot}}',
      '2:19 unknown placeholder {{zzzzzzzz}}',
      '3:1 the name of a file that belongs to a configuration is no plain name',
      '3:17 there is no file none beside the configuration',
    ]);
    const error = await loadConfiguration(file).catch(String);
    expect(error).toContain(`${file}:2:10: unknown placeholder {{prot}} — did you mean {{port}}?`);
    rmSync(file);
    rmSync(path.join(folder, 'mosquitto/bad.acl'));
  });

  test.each([
    ['too large', Buffer.alloc(CONFIGURATION_BYTES_MAX + 1, 'x'), /larger than/],
    ['not UTF-8', Buffer.from([0x70, 0xff, 0xfe]), /no text/],
    ['binary', Buffer.from('{{port}}\0'), /no text/],
  ])('a file that is %s is refused', async (_what, bytes, message) => {
    const file = write('other/one.conf', bytes);
    const problems = await problemsOf(() => loadConfiguration(file, { broker: 'nats' }));
    expect(problems.join()).toMatch(message);
    write('other/two.conf', '{{port}} {{file:one.conf}}');
    const more = await problemsOf(() =>
      loadConfiguration(path.join(folder, 'other/two.conf'), { broker: 'nats' }),
    );
    expect(more).toHaveLength(1);
    expect(more[0]).toMatch(message);
  });

  test('a companion that leads out of the folder is not read', async () => {
    write('secret', 'of somebody else');
    symlinkSync('../secret', path.join(folder, 'other/link'));
    const file = write('other/three.conf', '{{port}}\n{{file:link}}');
    expect(await problemsOf(() => loadConfiguration(file, { broker: 'nats' }))).toEqual([
      "2:1 link leads out of the configuration's folder",
    ]);
  });

  test('a folder that is no broker needs one to be named', async () => {
    const file = write('other/four.conf', '{{port}}');
    expect(await problemsOf(() => loadConfiguration(file))).toEqual([
      'it is not said which broker this is for: "other" is none',
    ]);
    const named = await loadConfiguration(file, { broker: 'nats', name: 'mine' });
    expect(named).toMatchObject({ broker: 'nats', name: 'mine' });
  });

  test('a missing file and a missing folder are said as such', async () => {
    const file = path.join(folder, 'mosquitto/none.conf');
    await expect(loadConfiguration(file)).rejects.toThrow(/cannot read .*none.conf/);
    await expect(loadConfigurations(path.join(folder, 'none'))).rejects.toThrow(/cannot read/);
  });

  test('a folder gives its main files, or those of the brokers in it', async () => {
    write('mosquitto/part.conf', '# a companion, which needs no port');
    write('mosquitto/b.conf', '{{port}} {{file:part.conf}}');
    const names = async (of: string, broker?: string) =>
      (await loadConfigurations(of, broker)).map(({ name }) => name);
    const both = ['mosquitto/a', 'mosquitto/b'];
    expect(await names(path.join(folder, 'mosquitto'))).toEqual(both);
    expect(await names(folder)).toEqual([...both, 'rabbitmq/b']);
    expect(await names(folder, 'rabbitmq')).toEqual(['rabbitmq/b']);
    expect(await problemsOf(() => names(folder, 'nats'))).toHaveLength(1);
  });

  test('every shipped configuration can be loaded and says first what it does', async () => {
    const all = await loadConfigurations(SHIPPED);
    expect(all.length).toBeGreaterThan(20);
    for (const { name, files, main } of all) {
      expect(files.get(main), name).toMatch(/^# .*\n(# .*\n)*/);
      expect(files.get(main), name).toMatch(/R\d/);
    }
  });
});
