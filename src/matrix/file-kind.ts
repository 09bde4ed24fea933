/**
 * What kind of file a user names: a broker's configuration by its place and extension, a matrix by
 * what it holds. Everything else, names of built-in ones too, is taken for a scenario.
 */
import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { CONFIGURATION_EXTENSIONS } from '../broker/load-configuration.ts';
import { parseYaml } from '../core/yaml-document.ts';

export type FileKind = 'configuration' | 'matrix' | 'scenario';

/** Never throws: what can't be read is told by whoever loads it as what it is taken for. */
export async function fileKind(file: string): Promise<FileKind> {
  const extension = extname(file).toLowerCase();
  if (extension === '.conf') return 'configuration';
  if (extension !== '.yaml' && extension !== '.yml') return 'scenario';
  const text = await readFile(file, 'utf8').catch(() => '');
  const { value } = parseYaml(text, file);
  // Placeholders such as `port: {{port}}` are no YAML, and leave no value.
  const has = (key: string) => Object.hasOwn(Object(value), key);
  if (has('configurations') || has('pairs')) return 'matrix';
  // A scenario may lie in a folder that is named as a broker.
  if (has('steps') || has('clients') || has('fleet')) return 'scenario';
  const broker = basename(dirname(resolve(file)));
  const own = Object.hasOwn(CONFIGURATION_EXTENSIONS, broker);
  return own && CONFIGURATION_EXTENSIONS[broker] === extension ? 'configuration' : 'scenario';
}
