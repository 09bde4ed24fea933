/**
 * Which certificate a client ID or user name stands for, where the source does not say: a CSV file
 * with the columns `clientId` or `principal` and `certificateId`, or JSON of the same shape, or a
 * JSON object from name to certificate ID. What it fills in is marked as inferred.
 */
import { readFile, stat } from 'node:fs/promises';
import { EXIT, fileError, type Problem, UserError } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import type { ObservedEvent } from '../event.ts';
import { separatorOf, splitRow } from '../formats/csv-rows.ts';
import { asObject, certificateIdOf, wordOf } from '../formats/fields.ts';

/** A million entries of a client ID and 64 digits. */
const BYTES_MAX = 256 * 1024 * 1024;
const PROBLEMS_MAX = 20;

export interface IdentityMap {
  readonly byClientId: ReadonlyMap<string, string>;
  readonly byPrincipal: ReadonlyMap<string, string>;
}

interface Entry {
  readonly line: number;
  readonly clientId: string | undefined;
  readonly principal: string | undefined;
  readonly certificateId: unknown;
}

/** Throws a {@link UserError} (65) with everything that is wrong with the file. */
export async function readIdentityMap(file: string): Promise<IdentityMap> {
  let text: string;
  try {
    if ((await stat(file)).size > BYTES_MAX) {
      throw new UserError(EXIT.invalidInput, { file, message: 'too large for an identity map' });
    }
    text = (await readFile(file, 'utf8')).replace(/^\ufeff/, '');
  } catch (error) {
    throw fileError(error, 'read', file);
  }
  return identityMapFrom(text, file);
}

/** As {@link readIdentityMap}, from the text; `file` is named in errors. */
export function identityMapFrom(text: string, file: string): IdentityMap {
  const entries = /^\s*[[{]/.test(text) ? jsonEntries(text, file) : csvEntries(text, file);
  const byClientId = new Map<string, string>();
  const byPrincipal = new Map<string, string>();
  const problems: Problem[] = [];
  const problem = (line: number, message: string, hint: string) => {
    if (problems.length < PROBLEMS_MAX) problems.push({ file, line, message, hint });
  };
  for (const { line, clientId, principal, certificateId } of entries) {
    const id = certificateIdOf(certificateId);
    if (id === undefined) {
      problem(line, 'certificateId is no certificate ID', 'give the SHA-256 of the DER, 64 hex');
      continue;
    }
    if (clientId === undefined && principal === undefined) {
      problem(line, 'neither a client ID nor a principal', 'fill in one of them');
    }
    for (const [map, name] of [
      [byClientId, clientId],
      [byPrincipal, principal],
    ] as const) {
      if (name === undefined) continue;
      if ((map.get(name) ?? id) === id) map.set(name, id);
      else problem(line, `"${printable(name, 80)}" has two certificates`, 'keep one of the lines');
    }
  }
  if (entries.length === 0) problem(1, 'the identity map is empty', 'fill in at least one line');
  if (problems.length > 0) throw new UserError(EXIT.invalidInput, problems);
  return { byClientId, byPrincipal };
}

/** The event with the certificate that the map knows of, marked as inferred; else as it was. */
export function withIdentity(event: ObservedEvent, map: IdentityMap): ObservedEvent {
  if (event.certificateId !== undefined || event.principal?.kind === 'certificate-id') return event;
  const { clientId, principal, inferred = [] } = event;
  const named = principal === undefined ? undefined : map.byPrincipal.get(principal.value);
  const certificateId = map.byClientId.get(clientId) ?? named;
  return certificateId === undefined
    ? event
    : { ...event, certificateId, inferred: [...inferred, 'certificateId'] };
}

function jsonEntries(text: string, file: string): readonly Entry[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = `the identity map is not JSON: ${error instanceof Error ? error.message : ''}`;
    throw new UserError(EXIT.invalidInput, { file, message: printable(message) });
  }
  const list = Array.isArray(value)
    ? value.map((item) => asObject(item) ?? {})
    : Object.entries(asObject(value) ?? {}).map(([name, certificateId]) => ({
        clientId: name,
        principal: name,
        certificateId,
      }));
  return list.map((item: Readonly<Record<string, unknown>>, i) => ({
    line: i + 1,
    clientId: wordOf(item.clientId),
    principal: wordOf(item.principal),
    certificateId: item.certificateId,
  }));
}

function csvEntries(text: string, file: string): readonly Entry[] {
  const [header = '', ...lines] = text.split(/\r?\n/);
  const separator = separatorOf(header);
  const names = splitRow(header, separator);
  const place = (name: string) =>
    Array.isArray(names) ? names.findIndex((one) => one.trim() === name) : -1;
  const [client, user, certificate] = [
    place('clientId'),
    place('principal'),
    place('certificateId'),
  ];
  if (certificate < 0 || (client < 0 && user < 0)) {
    throw new UserError(EXIT.invalidInput, {
      file,
      line: 1,
      message: 'the identity map lacks its columns',
      hint: 'begin it with the line clientId,certificateId or principal,certificateId',
    });
  }
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    const cells = splitRow(line, separator);
    const cell = (at: number) => (Array.isArray(cells) ? wordOf(cells[at]) : undefined);
    return [
      {
        line: i + 2,
        clientId: cell(client),
        principal: cell(user),
        certificateId: cell(certificate)?.trim(),
      },
    ];
  });
}
