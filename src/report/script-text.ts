/** A script in a terminal: its steps as they will be, as they went, and what they showed. */
import { plural, printable } from '../core/text.ts';
import { formatDuration } from '../core/time.ts';
import { describeStep, riskWords } from '../script/describe.ts';
import { type LoadedScript, scriptName } from '../script/load.ts';
import type { StepResult } from '../script/result.ts';
import type { Outcome } from '../verdict/outcome.ts';
import { field } from './field.ts';
import type { ScriptReport } from './script-report.ts';
import { outcomeMark, type Style, wrap } from './style.ts';
import { observabilityLines } from './two-sided.ts';

/** Shorter waits than this are not worth a word. */
const TOLD_FROM_MS = 100;
const INDENT = 6;

/** What a script would do: clients, steps, risks. */
export function renderScriptPlan(loaded: LoadedScript, style: Style): string {
  const { script } = loaded;
  const clients = Object.entries(script.clients).map(([name, client]) => {
    const { certificate, clientId = name } = client;
    const id =
      typeof clientId === 'object' ? `that of ${clientId.sameAs}` : `"${printable(clientId)}"`;
    return `${name}: certificate ${certificateWords(certificate)}, client ID ${id}`;
  });
  const steps = script.steps.flatMap((step, index) => [
    ...mark(`${index + 1}.`, describeStep(step), style),
    ...(step.risk === undefined ? [] : risk(riskWords(step.risk, script), style)),
    ...(step.repeat?.steps ?? []).flatMap((inner) =>
      inner.risk === undefined ? [] : risk(riskWords(inner.risk, script), style),
    ),
  ]);
  const variants = Object.keys(script.variants).map((name) => `${script.name}:${name}`);
  return [
    style.bold(style.cyan(`▶ ${scriptName(loaded)}`)),
    ...wrap(printable(script.purpose, 1000), style.width - 2).map((line) => `  ${line}`),
    ...(script.requirement === undefined ? [] : field('requirement', [script.requirement], style)),
    ...field('clients', clients, style),
    ...field('variants', variants, style),
    '',
    ...steps,
    '',
  ].join('\n');
}

/** One step as it went. */
export function renderStep(result: StepResult, style: Style): string {
  const { text, because, outcome, role, elapsedMs } = result;
  const symbol = symbols(style)[outcome];
  const time = elapsedMs >= TOLD_FROM_MS ? `, ${formatDuration(elapsedMs)}` : '';
  const told = because === 'done' && outcome === 'met' ? '' : ` – ${printable(because, 400)}`;
  const control = role === 'control' && outcome !== 'met' ? ' (a control)' : '';
  return [
    ...mark(symbol, `${text}${control}${told}${time}`, style),
    ...(outcome === 'unmet' && result.risk !== undefined ? risk(result.risk, style) : []),
  ].join('\n');
}

/** What the whole showed, and where the evidence lies. */
export function renderScriptReport(report: ScriptReport, style: Style): string {
  const { result, scenario, observability } = report;
  const judged = result.steps.filter((step) => step.role === 'judged');
  const unmet = judged.filter((step) => step.outcome === 'unmet');
  const because =
    result.outcome === 'met'
      ? `${plural(judged.length, 'judged step')} as expected`
      : result.outcome === 'unmet'
        ? unmet.map((step) => step.risk ?? step.because).join('; ')
        : result.because;
  return [
    ...(report.failure === undefined
      ? []
      : [style.red(`  error: ${printable(report.failure, 500)}`)]),
    '',
    ...field('evidence', [report.history], style),
    ...(observability === undefined
      ? []
      : field('both sides', observabilityLines(observability), style)),
    ...field('repeat', [report.reproduce], style),
    '',
    ...conclusion(`${scenario.name}: `, result.outcome, printable(because, 1000), style),
    '',
  ].join('\n');
}

/** Its head takes room on the first line, which is as much less for the words. */
function conclusion(
  name: string,
  outcome: Outcome,
  because: string,
  style: Style,
): readonly string[] {
  const head = `  ${style.bold(name)}${outcomeMark(outcome, style)}`;
  // With the mark, the dash and the spaces between them.
  const headWidth = name.length + outcome.length + 4;
  const [first = '', ...rest] = wrap(`${'·'.repeat(headWidth)} ${because}`, style.width - 4);
  return [`${head} –${first.slice(headWidth)}`, ...rest.map((line) => `    ${line}`)];
}

function symbols(style: Style): Readonly<Record<Outcome, string>> {
  return { met: style.green('✔'), unmet: style.red('✖'), inconclusive: style.yellow('?') };
}

function mark(symbol: string, text: string, style: Style): readonly string[] {
  return wrap(text, style.width - INDENT).map((line, index) =>
    index === 0 ? `  ${symbol} ${line}` : `    ${line}`,
  );
}

function risk(text: string, style: Style): readonly string[] {
  return wrap(`risk: ${printable(text, 300)}`, style.width - INDENT).map((line) =>
    style.yellow(`      ${line}`),
  );
}

function certificateWords(certificate: LoadedScript['script']['clients'][string]['certificate']) {
  if (typeof certificate === 'string') return certificate === 'valid' ? 'of its own' : certificate;
  if ('sameAs' in certificate) return `of ${certificate.sameAs}`;
  return `valid for ${formatDuration(certificate.validFor)}`;
}
