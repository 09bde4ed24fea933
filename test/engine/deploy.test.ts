/** The manifests of deploy/: sound, careful, and in the words of our own command line. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { composeFile, kubernetesObject } from '../support/deploy-schemas.ts';
import { runCli } from '../support/fake-environment.ts';
import { mustFit } from '../support/json-schemas.ts';

interface Compose {
  readonly services: Readonly<
    Record<string, { command?: string[]; environment?: object; read_only?: boolean; user?: string }>
  >;
  readonly networks: { readonly engine: { readonly internal: boolean } };
}

interface Container {
  readonly args?: string[];
  readonly env: readonly { readonly name: string }[];
}

interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly selector: { readonly matchLabels?: object };
    readonly template?: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly containers: readonly Container[];
        readonly automountServiceAccountToken: boolean;
        readonly securityContext: { readonly runAsNonRoot: boolean };
      };
    };
  };
}

const file = (name: string): Promise<string> =>
  readFile(new URL(`../../deploy/${name}`, import.meta.url), 'utf8');
const compose = parse(await file('compose.yaml')) as Compose;
const objects = parseAllDocuments(await file('kubernetes.yaml')).map(
  (one) => one.toJS() as KubernetesObject,
);
const pods = objects.flatMap(({ metadata, spec }) =>
  spec.template === undefined ? [] : [{ metadata, ...spec, template: spec.template }],
);

/** Every option of a command line is one that the command knows. */
async function expectOurs(argv: readonly string[]): Promise<void> {
  const [command = '', ...words] = argv;
  const { stdout } = await runCli([command, '--help']);
  const options = words.filter((word) => word.startsWith('--'));
  expect(options.length).toBeGreaterThan(0);
  for (const option of options) expect(stdout).toMatch(new RegExp(`^ +${option} `, 'm'));
}

describe('the compose file', () => {
  test('fits the Compose Specification', () => {
    mustFit(composeFile, compose);
  });

  test('that misspells a member would not', () => {
    const { redis } = compose.services;
    expect(composeFile({ services: { redis: { ...redis, cap_dorp: ['ALL'] } } })).toBe(false);
  });

  test('keeps Redis on a network of its own, with a password that is written nowhere', async () => {
    expect(compose.networks.engine).toEqual({ internal: true });
    expect(await file('compose.yaml')).not.toMatch(/^\s+ports:/m);
    for (const { environment } of Object.values(compose.services)) {
      expect(environment).toMatchObject({
        DOPPELFLEET_REDIS_PASSWORD: expect.stringMatching(/^\$\{DOPPELFLEET_REDIS_PASSWORD:\?/),
      });
    }
  });

  test('starts workers with options that we have', async () => {
    await expectOurs(compose.services.worker?.command ?? []);
    const [run = ''] = /run \/scenarios[^#]*#[^\n]*/.exec(await file('compose.yaml')) ?? [];
    await expectOurs(run.replaceAll(/[#\\]/g, ' ').trim().split(/\s+/));
  });
});

describe('the Kubernetes manifest', () => {
  test.each(objects.map((one) => [`${one.kind} ${one.metadata.name}`, one] as const))(
    '%s fits the API',
    (_name, object) => {
      mustFit(kubernetesObject, object);
    },
  );

  test('with a member in the wrong place would not', () => {
    const [first] = objects;
    expect(kubernetesObject({ ...first, spec: { ...first?.spec, runAsNonRoot: true } })).toBe(
      false,
    );
  });

  test('runs pods as nobody in particular, without a token, and selects its own', () => {
    expect(pods).toHaveLength(2);
    for (const { selector, template } of pods) {
      expect(template.spec.automountServiceAccountToken).toBe(false);
      expect(template.spec.securityContext.runAsNonRoot).toBe(true);
      expect(template.metadata.labels).toEqual(selector.matchLabels);
    }
  });

  test('starts workers with options and variables that we have', async () => {
    const [worker] =
      pods.find(({ metadata }) => metadata.name.endsWith('worker'))?.template.spec.containers ?? [];
    await expectOurs(worker?.args ?? []);
    const { stdout } = await runCli(['worker', '--help']);
    for (const { name } of worker?.env ?? []) expect(stdout).toContain(name);
  });
});

describe('the Dockerfile', () => {
  test('builds from the pinned kind of Node, and runs as no superuser', async () => {
    const lines = (await file('Dockerfile')).split('\n');
    expect(lines.filter((line) => line.startsWith('FROM '))).toEqual([
      'FROM node:24-slim AS package',
      'FROM node:24-slim',
    ]);
    expect(lines).toContain('USER 1000:1000');
    expect(lines.join('\n')).toContain('npm ci --omit=dev --ignore-scripts');
  });
});
