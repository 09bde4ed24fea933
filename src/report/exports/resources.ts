/**
 * Resources of findings as words and as keys. Client IDs come from the network: a label is safe to
 * show, a key is bounded and equal for equal resources only. Pure.
 */
import { createHash } from 'node:crypto';
import type { FindingResource } from '../../audit/finding.ts';
import { printable } from '../../core/text.ts';

const KEY_LENGTH_MAX = 256;
const DIGEST = 'sha256:';

/** The members of an identifier, those of a nested one in its place: `[clientId, dev-1]`. */
export function identifierEntries({
  resourceIdentifier,
}: FindingResource): readonly (readonly [name: string, value: string])[] {
  return membersOf(resourceIdentifier).flatMap(([name, value]) =>
    texts(typeof value === 'object' && value !== null ? membersOf(value) : [[name, value]]),
  );
}

type Member = readonly [name: string, value: unknown];

const membersOf = (value: object): readonly Member[] => Object.entries(value);

const texts = (members: readonly Member[]): readonly (readonly [string, string])[] =>
  members.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : []));

/** What the identifier says, raw: the client ID, the certificate ID; several parts with slashes. */
export function resourceId(resource: FindingResource): string {
  return identifierEntries(resource)
    .map(([, value]) => value)
    .join('/');
}

/**
 * The ID, if it is short and shows as it is, else `sha256:` and its digest. An ID that begins like a
 * digest is digested too, so that nobody can choose a client ID that has another's key.
 */
export function resourceKey(resource: FindingResource): string {
  const id = resourceId(resource);
  const plain = id.length > 0 && id.length <= KEY_LENGTH_MAX && id.trim() === id;
  if (plain && printable(id, KEY_LENGTH_MAX) === id && !id.startsWith(DIGEST)) return id;
  return `${DIGEST}${createHash('sha256').update(JSON.stringify(id)).digest('hex')}`;
}

/** `client ID`, `device certificate`, `CA certificate`. */
export function resourceNoun({ resourceType }: FindingResource): string {
  return String(resourceType)
    .split('_')
    .map((word) => (ABBREVIATIONS.has(word) ? word : word.toLowerCase()))
    .join(' ');
}

const ABBREVIATIONS: ReadonlySet<string> = new Set(['ID', 'CA', 'IAM', 'IOT']);

/** `client ID dev-1`: fit for a terminal or a report, at most `lengthMax` characters of the ID. */
export function resourceLabel(resource: FindingResource, lengthMax = 80): string {
  const id = resourceId(resource);
  return `${resourceNoun(resource)} ${id === '' ? '(empty)' : printable(id, lengthMax)}`;
}
