/** A fixing session for a terminal: what was found, what each pass tried and removed, what is left. */

import { plural, printable } from '../core/text.ts';
import type { FixPass, FixReport } from '../fixing/fix-result.ts';
import type { OpenFinding } from '../fixing/open-finding.ts';
import type { Proposal } from '../fixing/proposal.ts';
import { field } from './field.ts';
import { outcomeMark, type Style } from './style.ts';

/** Findings of one kind that are named; the others are counted. */
const SHOWN = 3;
/** Where the texts of fields begin. */
const INDENT = ' '.repeat(16);

export function renderFixReport(report: FixReport, style: Style): string {
  const { scenario, passes, remaining, next, suggestions, spec, folder } = report;
  const lines = [
    '',
    style.bold(`Fixes for ${scenario.name}, seed ${scenario.seed}`),
    ...field('found', describeAll(report.found, 'nothing'), style),
    ...passes.flatMap((pass) => ['', ...renderPass(pass, style)]),
    ...(next.length === 0
      ? []
      : [
          '',
          style.bold('Next'),
          ...next.flatMap((one) => renderProposal('would try', one, style)),
        ]),
    '',
    style.bold('Result'),
    ...field('outcome', [`${outcomeMark(report.outcome, style)}: ${report.because}`], style),
    ...field('remaining', remaining.length === 0 ? [] : describeAll(remaining, ''), style),
    ...(spec === undefined ? [] : field('fixed by', [`--fix ${spec}`, ...costsOf(passes)], style)),
  ];
  if (suggestions.length > 0) {
    lines.push('', style.bold('For you to decide'));
    for (const { title, spec: asked, why, costs, command, side, unable } of suggestions) {
      lines.push(
        ...field(side, [`${asked}: ${title}`], style),
        ...field('', [why, `costs: ${costs.join('; ')}`], style).map(style.dim),
        // In one piece, to be copied.
        ...(unable === undefined
          ? [`${INDENT}${command}`]
          : field('', [`not here: ${unable}`], style)),
      );
    }
  }
  lines.push(
    '',
    ...field('evidence', [`${folder}/fix.json, report.json`], style),
    ...field('repeat', [report.reproduce], style),
    '',
  );
  return lines.join('\n');
}

function renderPass(pass: FixPass, style: Style): readonly string[] {
  const { tried, useless, removed, appeared, remaining } = pass;
  return [
    style.bold(`Pass ${pass.pass}: --fix ${pass.spec}`),
    ...tried.flatMap((one) => renderProposal('tries', one, style)),
    ...field('removed', describeAll(removed, 'nothing'), style),
    ...field('appeared', appeared.length === 0 ? [] : describeAll(appeared, ''), style).map(
      style.yellow,
    ),
    ...field('taken back', useless.length === 0 ? [] : useless.map(({ spec }) => spec), style),
    ...field('left', describeAll(remaining, 'nothing'), style),
  ];
}

function renderProposal(label: string, one: Proposal, style: Style): readonly string[] {
  return [
    ...field(label, [`${one.spec}: ${one.title}`], style),
    ...field('', [`for ${one.why}`, `costs: ${one.costs.join('; ')}`], style).map(style.dim),
  ];
}

/** What the strategies that stay cost, each once. */
function costsOf(passes: readonly FixPass[]): readonly string[] {
  const costs = new Set(passes.flatMap(({ helped }) => helped.flatMap((one) => one.costs)));
  return costs.size === 0 ? [] : [`costs: ${[...costs].join('; ')}`];
}

/** A line for each check and diagnosis. */
function describeAll(findings: readonly OpenFinding[], none: string): readonly string[] {
  if (findings.length === 0) return [none];
  const kinds = new Map<string, OpenFinding[]>();
  for (const finding of findings) {
    const kind = `${finding.check} (${finding.diagnosis})`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), finding]);
  }
  return [...kinds].map(([kind, some]) => {
    const labels = some.slice(0, SHOWN).map(({ label }) => printable(label, 60));
    const more = some.length > SHOWN ? ', …' : '';
    return `${plural(some.length, 'finding')} of ${kind}: ${labels.join(', ')}${more}`;
  });
}
