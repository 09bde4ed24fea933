/** What probing came to, as a table for a terminal or as JSON: what the profile says and what was seen. */
import type { CapabilityValue } from '../broker/capabilities.ts';
import { plural, printable } from '../core/text.ts';
import type { Agreement, ProbedCapability, ProbeResult } from '../probe/probe-result.ts';
import { type Cell, type Style, table } from './style.ts';

export function renderProbeJson(result: ProbeResult): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}

export function renderProbe(result: ProbeResult, style: Style): string {
  const { broker, mqttVersion, capabilities } = result;
  const facts = [
    broker.endpoint,
    `MQTT ${mqttVersion === 5 ? '5' : '3.1.1'}`,
    ...(broker.configuration === undefined ? [] : [`configuration ${broker.configuration}`]),
    ...(broker.profile === undefined ? [] : [`profile ${broker.profile}`]),
  ];
  const rows = capabilities.map((one): readonly Cell[] => [
    one.title,
    formatCapability(one.claimed),
    formatCapability(one.measured),
    agreementCell(one.agreement, style),
    one.because,
  ]);
  const name = broker.version === 'unknown' ? broker.id : printable(broker.version, 80);
  return [
    style.bold(name) + style.dim(`  ${facts.map((fact) => printable(fact, 120)).join(' · ')}`),
    table(['capability', 'profile', 'measured', '', 'seen'], rows, style, SHARES),
    summary(result, style),
    '',
  ].join('\n');
}

const SHARES = [0.26, 0.12, 0.12, 0.15, 0.31] as const;

/** `yes`, `3.1, 3.1.1, 5`, `newcomer`; a dash for nothing. */
export function formatCapability(value: CapabilityValue | undefined): string {
  if (value === undefined) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value;
  return value.map((version) => VERSION_NAMES[version]).join(', ');
}

const VERSION_NAMES = { 3: '3.1', 4: '3.1.1', 5: '5' } as const;

const WORDS: Readonly<Record<Agreement, string>> = {
  agrees: '✔ agrees',
  differs: '✖ differs',
  'not-measured': '? not measured',
  'not-claimed': 'new',
  unknown: '? not known',
};

function agreementCell(agreement: Agreement, style: Style): Cell {
  const paint = { agrees: style.green, differs: style.red }[agreement as string] ?? style.yellow;
  return [[WORDS[agreement], paint]];
}

function summary({ capabilities, outcome }: ProbeResult, style: Style): string {
  const count = (agreement: Agreement): number =>
    capabilities.filter((one: ProbedCapability) => one.agreement === agreement).length;
  const claimed = count('agrees') + count('differs') + count('not-measured');
  const words = [
    `${count('agrees')} of ${plural(claimed, 'claim')} of the profile agree`,
    ...(count('differs') > 0 ? [`${count('differs')} differ`] : []),
    ...(count('not-measured') > 0 ? [`${count('not-measured')} could not be measured`] : []),
    ...(count('not-claimed') > 0
      ? [`${count('not-claimed')} measured that it does not claim`]
      : []),
  ].join(', ');
  const paint = { agrees: style.green, differs: style.red, 'not-measured': style.yellow }[outcome];
  return paint(claimed === 0 ? words.replace(/^.*?agree(, )?/, '') || 'no profile' : words);
}
