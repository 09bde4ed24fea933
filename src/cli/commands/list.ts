/** `doppelfleet list`: what there is, printed from the registries, so that no list can go stale. */
import {
  BEHAVIOURS,
  BROKERS,
  builtInScenarios,
  builtInScripts,
  CHECKS,
  claimedCapabilities,
  EXIT,
  EXPORTS,
  FIXES,
  FORMATS,
  fixParameters,
  loadAnyScenario,
  loadScenario,
  METRICS,
  PROFILES,
  RECONNECT_POLICIES,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { styleFor } from '../environment.ts';
import { jsonOption } from '../options.ts';

interface Entry {
  readonly name: string;
  readonly title: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

const LISTS = {
  scenarios: async () =>
    Promise.all(
      (await builtInScenarios()).map(async (name) => {
        const { scenario } = await loadScenario(name);
        const { purpose: title, source } = scenario;
        return { name, title, details: { source, fixes: Object.keys(scenario.fixes) } };
      }),
    ),
  scripts: async () =>
    Promise.all(
      (await builtInScripts()).map(async (name) => {
        const loaded = await loadAnyScenario(name);
        if (loaded.kind !== 'script') throw new Error(`internal error: ${name} is no script`);
        const { purpose: title, source, requirement, variants } = loaded.script.script;
        return { name, title, details: { source, requirement, variants: Object.keys(variants) } };
      }),
    ),
  checks: async () =>
    Object.values(CHECKS).map(({ id, title, ...meta }) => ({
      name: id,
      title,
      details: {
        description: meta.description,
        severity: meta.severity,
        evidence: meta.evidence,
        falsePositives: meta.falsePositives,
        fixes: meta.fixes,
        references: meta.references,
      },
    })),
  behaviours: async () =>
    Object.values(BEHAVIOURS).map(({ id, title, description, example }) => ({
      name: id,
      title,
      details: { description, example },
    })),
  'reconnect-policies': async () =>
    Object.entries(RECONNECT_POLICIES).map(([name, title]) => ({ name, title })),
  fixes: async () =>
    Object.values(FIXES).map((fix) => ({
      name: fix.id,
      title: `${fix.title} (${fix.side}, ${fix.application})`,
      details: {
        side: fix.side,
        application: fix.application,
        addresses: fix.addresses,
        costs: fix.costs,
        parameters: fixParameters(fix.id),
        example: fix.example,
      },
    })),
  brokers: async () => [
    ...(await Promise.all(
      Object.values(BROKERS).map(async (broker) => ({
        name: broker.id,
        title: broker.title,
        details: {
          available: (await broker.unavailable()) ?? 'yes',
          capabilities: broker.capabilities,
        },
      })),
    )),
    ...Object.values(PROFILES).map((profile) => ({
      name: profile.id,
      title: `${profile.title}: mqtts://… --profile ${profile.id}`,
      details: {
        available: 'as an external broker; what is said of it is documented, not measured',
        versions: profile.versions,
        capabilities: claimedCapabilities(profile),
        claims: profile.claims,
        ports: profile.ports,
        evidence: profile.evidence,
        configuration: profile.configuration,
      },
    })),
  ],
  formats: async () =>
    Object.values(FORMATS).map((format) => ({
      name: format.id,
      title: format.title,
      details: 'lacks' in format ? { lacks: format.lacks } : {},
    })),
  exports: async () =>
    Object.values(EXPORTS).map(({ id, title, extension, variants }) => ({
      name: id,
      title,
      details: { extension, variants },
    })),
  metrics: async () =>
    Object.entries(METRICS).map(([name, { what, unit }]) => ({
      name,
      title: what,
      details: { unit },
    })),
} satisfies Record<string, () => Promise<readonly Entry[]>>;

type ListName = keyof typeof LISTS;
const NAMES = Object.keys(LISTS) as ListName[];

export const listCommand = defineCommand({
  command: 'list [what]',
  describe:
    'List scenarios, scripts, checks, behaviours, reconnect policies, fixes, brokers, formats, exports, metrics',
  examples: [
    ['$0 list', 'everything, a line each'],
    ['$0 list scenarios', 'the built-in scenarios'],
    ['$0 list checks --json', 'with severities, evidence needed, known false positives'],
  ],
  options: (parser) =>
    jsonOption(parser).positional('what', { choices: NAMES, describe: 'Only this list' }),
  async run(args, env) {
    const names = args.what === undefined ? NAMES : [args.what];
    const lists = await Promise.all(
      names.map(async (name): Promise<[string, readonly Entry[]]> => [name, await LISTS[name]()]),
    );
    if (args.json) {
      env.stdout.write(`${JSON.stringify(Object.fromEntries(lists), null, 2)}\n`);
      return EXIT.met;
    }
    const style = styleFor(env.stdout, env.env);
    for (const [name, entries] of lists) {
      const width = Math.max(...entries.map((entry) => entry.name.length));
      env.stdout.write(`${style.bold(name)}\n`);
      for (const entry of entries) {
        env.stdout.write(`  ${entry.name.padEnd(width)}  ${entry.title}\n`);
      }
      env.stdout.write('\n');
    }
    return EXIT.met;
  },
});
