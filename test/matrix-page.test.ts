/**
 * The page on the matrix says what the code says, and its examples do what it says; see
 * `expectGenerated` for writing it.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_SCENARIOS } from '../src/matrix/default-scenarios.ts';
import { loadMatrix } from '../src/matrix/load.ts';
import { placeholderTable } from '../src/report/probe-profiles.ts';
import { runCli } from './support/fake-environment.ts';
import { expectGenerated } from './support/generated-page.ts';
import { requireProgram } from './support/programs.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const FILE = join(fileURLToPath(new URL('..', import.meta.url)), 'docs', 'matrix.md');
const RUN_MS = 3 * 60_000;
const mosquitto = requireProgram('mosquitto');

let page: string;
let folder: string;
const at = (...names: readonly string[]): string => join(folder, ...names);

/** The block of the page that a test executes. */
function example(name: string): string {
  const [, block] = page.split(`<!-- executed: ${name} -->\n\`\`\``);
  if (block === undefined) throw new Error(`the page has no example ${name}`);
  return block.slice(block.indexOf('\n') + 1, block.indexOf('```'));
}

async function pairTable(): Promise<string> {
  const { definition } = await loadMatrix();
  const rows = definition.pairs.map(({ requirement, title, secure, insecure }) => {
    const scenarios = [...new Set([secure.scenario, insecure.scenario])];
    const name = (side: typeof secure) => `\`${side.broker}/${side.configuration}\``;
    const tried = scenarios.map((one) => `\`${one}\``).join(' and ');
    return `| ${[requirement, title, name(secure), name(insecure), tried].join(' | ')} |`;
  });
  return [
    '|  | requirement | secure | insecure | scenario |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

beforeAll(async () => {
  page = await readFile(FILE, 'utf8');
});

describe('the page on the matrix', () => {
  it('has the placeholders, default scenarios and pairs of the code', async () => {
    await expectGenerated(FILE, {
      placeholders: placeholderTable(),
      scenarios: `${DEFAULT_SCENARIOS.map((name) => `\`${name}\``).join(', ')}.`,
      pairs: await pairTable(),
    });
  });

  it('is announced in the README with as many requirements as there are', async () => {
    const { definition } = await loadMatrix();
    const requirements = new Set(definition.pairs.map(({ requirement }) => requirement));
    const readme = await readFile(join(FILE, '..', '..', 'README.md'), 'utf8');
    expect(readme).toContain(`of ${requirements.size} requirements`);
  });

  it('names every option of the command that is its own', async () => {
    const { stdout } = await runCli(['matrix', '--help']);
    const options = [...stdout.matchAll(/^ {6}--([a-z-]+)/gm)].flatMap((match) => match[1] ?? []);
    const elsewhere = ['version', 'certs', 'authority', 'out', 'jobs'];
    const own = options.filter((option) => !elsewhere.includes(option));
    expect(own).toContain('baseline');
    expect(own.filter((option) => !page.includes(`--${option}`))).toEqual([]);
  });
});

describe('its examples', () => {
  beforeEach(async () => {
    folder = await temporaryFolder();
    for (const sub of ['mosquitto', 'edge']) await mkdir(at(sub));
    await writeFile(at('mosquitto', 'ours.conf'), example('ours.conf'));
    await writeFile(at('mosquitto', 'own-topics.acl'), example('own-topics.acl'));
    await writeFile(at('edge', 'broker.conf'), example('ours.conf').replace(/^acl_file .*$/m, ''));
    await writeFile(at('ours.yaml'), example('matrix.yaml'));
    await writeFile(
      at('firmware.yaml'),
      example('foreign-publish.yaml').replace(/^name: .*$/m, 'name: firmware'),
    );
  });

  it('are valid: configuration, matrix, script', async () => {
    const files = [at('mosquitto', 'ours.conf'), at('ours.yaml'), at('firmware.yaml')];
    const { code, stdout } = await runCli(['validate', ...files]);
    expect([code, stdout]).toEqual([0, files.map((file) => `✔ valid ${file}\n`).join('')]);
    const { stdout: cells } = await runCli(['matrix', at('ours.yaml'), '--list']);
    expect(cells).toContain('mosquitto/edge/firmware  MQTT 5\n');
    expect(cells).toContain('pair R17 revocation ends live sessions: nats/mutual-tls/');
  });

  it.skipIf(!mosquitto.available)(
    `show a change as the page shows it${mosquitto.note}`,
    { timeout: RUN_MS },
    async () => {
      const words = ['--quiet', '--out', at('runs'), '--certs', at('certs')];
      const matrix = (...argv: readonly string[]) =>
        runCli(
          ['matrix', '--configurations', at('mosquitto'), '--only', '*/foreign-publish', ...argv],
          { COLUMNS: '100' },
        );
      expect(await matrix('--record', at('b.json'), ...words)).toMatchObject({ code: 0 });
      const open = example('ours.conf').replace(/^acl_file .*$/m, '');
      await writeFile(at('mosquitto', 'ours.conf'), open);
      const { code, stderr } = await matrix('--baseline', at('b.json'), ...words.slice(1));
      expect(code).toBe(1);
      expect(stderr).toContain(example('change').replace('broker/baseline.json', at('b.json')));
    },
  );
});
