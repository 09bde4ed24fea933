/**
 * Templates for client IDs, topics and payloads: `pump-{{n}}`, `fleet/{{thingName}}/up`. Compiled
 * once, rendered often. A placeholder is `{{name}}`; `{{n:4}}` pads a number with zeros to width 4.
 */

import { nearest } from '../core/text.ts';

/** Placeholders known when the plan is made. */
export const DEVICE_VARIABLES = ['n', 'group', 'thingName'] as const;
/** Placeholders known when a message is sent. */
export const MESSAGE_VARIABLES = [...DEVICE_VARIABLES, 'clientId', 'seq', 'at'] as const;

type Part = string | { readonly name: string; readonly width: number };

export interface Template {
  /** Names of the placeholders used, in order of appearance. */
  readonly variables: readonly string[];
  render(values: Readonly<Record<string, string | number>>): string;
}

const PLACEHOLDER = /\{\{\s*([A-Za-z]+)\s*(?::\s*(\d{1,2})\s*)?\}\}/g;

export function compileTemplate(text: string): Template {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    if (match.index > end) parts.push(text.slice(end, match.index));
    parts.push({ name: match[1] ?? '', width: Number(match[2] ?? 0) });
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push(text.slice(end));
  return {
    variables: parts.flatMap((part) => (typeof part === 'string' ? [] : [part.name])),
    render: (values) => parts.map((part) => renderPart(part, values)).join(''),
  };
}

function renderPart(part: Part, values: Readonly<Record<string, string | number>>): string {
  if (typeof part === 'string') return part;
  return String(values[part.name] ?? '').padStart(part.width, '0');
}

/** What is wrong with a text and what to do, in the shape of a zod issue. */
export interface TextProblem {
  readonly message: string;
  readonly params: { readonly hint: string };
}

/** Unknown placeholders and stray braces. */
export function templateProblem(text: string, known: readonly string[]): TextProblem | undefined {
  const unknown = compileTemplate(text).variables.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const near = nearest(unknown, known);
    const all = known.map((name) => `{{${name}}}`).join(', ');
    return problem(
      `unknown placeholder {{${unknown}}}`,
      near ? `did you mean {{${near}}}? Known are ${all}` : `known are ${all}`,
    );
  }
  return text.replace(PLACEHOLDER, '').includes('{{')
    ? problem('a stray {{', 'a placeholder is written {{name}} or {{name:width}}')
    : undefined;
}

/** U+0000 and lone surrogates, which no MQTT string holds ([MQTT-1.5.4-1], [MQTT-1.5.4-2]). */
export function textProblem(text: string): TextProblem | undefined {
  return /\0|\p{Cs}/u.test(text)
    ? problem('a character that MQTT does not allow', 'remove U+0000 and half surrogate pairs')
    : undefined;
}

/** Wildcards in the topic of a message ([MQTT-3.3.2-2]). */
export function topicProblem(text: string): TextProblem | undefined {
  return /[+#]/.test(text)
    ? problem('a message has a topic without wildcards', 'remove + and #')
    : undefined;
}

/** Wildcards out of place ([MQTT-4.7.1-1], [MQTT-4.7.1-2]). */
export function filterProblem(text: string): TextProblem | undefined {
  const levels = text.split('/');
  const wrong = levels.some(
    (level, i) =>
      (level.includes('#') && (level !== '#' || i < levels.length - 1)) ||
      (level.includes('+') && level !== '+'),
  );
  return wrong
    ? problem('a wildcard out of place', '+ fills a whole level, # fills the last one')
    : undefined;
}

function problem(message: string, hint: string): TextProblem {
  return { message, params: { hint } };
}
