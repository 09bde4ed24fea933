/** The user's allow-list of targets: a YAML list of hosts that may be attacked from this account. */
import { readFile } from 'node:fs/promises';
import { EXIT, fileError, systemCode, UserError } from '../core/errors.ts';
import { parseYaml } from '../core/yaml-document.ts';

/** Hosts (or `host:port`) in `file`; none when there is no such file. */
export async function loadAllowedTargets(file: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return [];
    throw fileError(error, 'read', file);
  }
  const { value, problems } = parseYaml(text, file);
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  if (value === null || value === undefined) return [];
  if (Array.isArray(value) && value.every((one): one is string => typeof one === 'string')) {
    return value;
  }
  throw new UserError(EXIT.usage, {
    file,
    message: 'this is not a list of hosts',
    hint: 'write one host in a line, such as "- staging.example"',
  });
}
