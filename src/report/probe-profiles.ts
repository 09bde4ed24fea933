/** The tables of `docs/brokers.md`, from the registries: a test holds the page to them. Markdown. */
import type { BrokerAdapter } from '../broker/adapter.ts';
import {
  type BrokerCapabilities,
  CAPABILITY_TITLES,
  type CapabilityId,
} from '../broker/capabilities.ts';
import { PLACEHOLDERS } from '../broker/configuration.ts';
import { claimedCapabilities, unknownCapabilities } from '../broker/profiles/claims.ts';
import type { BrokerProfile } from '../broker/profiles/profile.ts';
import { formatCapability } from './probe.ts';

const IDS = Object.keys(CAPABILITY_TITLES) as CapabilityId[];

/** One column a broker that can be started here: what `probe` measures of it. */
export function adapterTable(adapters: readonly BrokerAdapter[]): string {
  return capabilityTable(adapters.map(({ id, capabilities }) => ({ id, capabilities })));
}

/** One column a profile; `?` is what nobody has established. */
export function profileTable(profiles: readonly BrokerProfile[]): string {
  return capabilityTable(
    profiles.map((profile) => ({ id: profile.id, capabilities: claimedCapabilities(profile) })),
  );
}

/** One section a profile: where claims are from, how evidence is fetched, how to configure it. */
export function profileSections(profiles: readonly BrokerProfile[]): string {
  return profiles.map(section).join('\n\n');
}

/** What may stand in a configuration, and what it becomes. */
export function placeholderTable(): string {
  const rows = Object.entries(PLACEHOLDERS).map(([name, what]) => `| \`{{${name}}}\` | ${what} |`);
  return ['| placeholder | becomes |', '|---|---|', ...rows].join('\n');
}

interface Column {
  readonly id: string;
  readonly capabilities: Partial<BrokerCapabilities>;
}

function capabilityTable(columns: readonly Column[]): string {
  const rows = IDS.map((id) => {
    const cells = columns.map(({ capabilities }) => {
      const value = capabilities[id];
      return value === undefined ? '?' : formatCapability(value);
    });
    return `| ${[CAPABILITY_TITLES[id], ...cells].join(' | ')} |`;
  });
  const head = `| ${['', ...columns.map(({ id }) => `\`${id}\``)].join(' | ')} |`;
  return [head, `|---${'|---'.repeat(columns.length)}|`, ...rows].join('\n');
}

function section(profile: BrokerProfile): string {
  const { id, title, versions, claims, ports, evidence, configuration } = profile;
  const sources = IDS.flatMap((capability) => {
    const claim = claims[capability];
    return 'source' in claim ? [`- ${CAPABILITY_TITLES[capability]}: ${claim.source}`] : [];
  });
  const unknown = Object.entries(unknownCapabilities(profile)).map(
    ([capability, why]) => `- ${CAPABILITY_TITLES[capability as CapabilityId]}: ${why}`,
  );
  return [
    `### \`${id}\`: ${title}`,
    `Versions: ${versions}. ${portsOf(ports)}`,
    'Evidence:',
    [...evidence.how, ...formatOf(profile)].map((line) => `- ${line}`).join('\n'),
    'To begin with:',
    `\`\`\`${configuration.language}\n${configuration.text}\n\`\`\``,
    configuration.notes.map((line) => `- ${line}`).join('\n'),
    '<details><summary>Where this is from, and what is not known</summary>',
    `Claimed:\n\n${sources.join('\n')}`,
    `Not known:\n\n${unknown.join('\n')}`,
    '</details>',
  ].join('\n\n');
}

function portsOf(ports: BrokerProfile['ports']): string {
  if (ports.length === 0) return 'Any port.';
  const shown = ports.map(({ port, alpnProtocols = [] }) =>
    alpnProtocols.length === 0 ? `${port}` : `${port} (ALPN \`${alpnProtocols.join(', ')}\`)`,
  );
  return `Ports: ${shown.join(', ')}.`;
}

function formatOf({ evidence }: BrokerProfile): readonly string[] {
  const { format, columns, topics } = evidence;
  const map = Object.entries(columns ?? {}).map(([field, key]) => `${field}=${key}`);
  return [
    `Format: \`--format ${format}${map.length === 0 ? '' : ` --map '${map.join(',')}'`}\`.`,
    ...(topics === undefined
      ? []
      : [`Live: \`--evidence-certificate\` subscribes to \`${topics.join('`, `')}\`.`]),
  ];
}
