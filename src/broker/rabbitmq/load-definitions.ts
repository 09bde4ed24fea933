/**
 * The definitions that a RabbitMQ configuration loads (`load_definitions`): users, rights and limits,
 * as JSON. Pure.
 */
import type { BrokerConfiguration } from '../configuration.ts';
import { mainText } from '../hardening.ts';
import { ownDefinitionsTemplate } from './definitions.ts';
import { setSetting, settingOf } from './settings.ts';

export const LOAD_KEY = 'load_definitions';

export type Definitions = Readonly<Record<string, unknown>>;

/** A file of definitions with the main file that loads it. */
export interface LoadedDefinitions {
  readonly file: string;
  readonly definitions: Definitions;
  readonly main: string;
}

/** Those of the author's; or, for the users of a run, a file of their own that says the same. */
export function loadedDefinitions(
  configuration: BrokerConfiguration,
): LoadedDefinitions | { readonly why: string } {
  const main = mainText(configuration);
  const loaded = settingOf(main, LOAD_KEY);
  const named = /^\{\{ *file *: *([^{}]+?) *\}\}$/.exec(loaded ?? '')?.[1];
  if (loaded !== undefined && named === undefined && !/^\{\{ *users *\}\}$/.test(loaded)) {
    return { why: `${LOAD_KEY} leads to a file that is not part of the configuration` };
  }
  const file = named ?? `${configuration.main.replace(/\.conf$/, '')}.definitions.json`;
  const text = named === undefined ? ownDefinitionsTemplate() : configuration.files.get(file);
  const definitions = parsed(text ?? '');
  if (definitions === undefined) return { why: `${file} is no JSON object` };
  const changed = named === undefined ? setSetting(main, LOAD_KEY, `{{file:${file}}}`) : main;
  return { file, definitions, main: changed };
}

/** One of their lists; none, or what is no list, is an empty one. */
export function listOf(definitions: Definitions, key: string): readonly Definitions[] {
  const list = definitions[key];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

export function writtenDefinitions(definitions: Definitions): string {
  return `${JSON.stringify(definitions, null, 2)}\n`;
}

export function isObject(value: unknown): value is Definitions {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): Definitions | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
