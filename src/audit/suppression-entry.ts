/** One entry of `suppressions.yaml`, held against AWS's rules for an `AuditSuppression`. Pure. */
import type { Problem } from '../core/errors.ts';
import { CHECK_IDS, type CheckId } from '../core/ids.ts';
import { nearest, printable } from '../core/text.ts';
import type { IssuerCertificateIdentifier, ResourceIdentifier } from './finding.ts';
import { CHECKS } from './registry.ts';
import { type AuditSuppression, IDENTIFIER_KEYS } from './suppression.ts';
import { instantFrom } from './windows.ts';

/** Takes a problem at a path within the entry; `unknown key` is located at the key itself. */
export type AddProblem = (
  within: readonly string[],
  problem: Pick<Problem, 'message' | 'hint'>,
) => void;

type Entry = Readonly<Record<string, unknown>>;

const KEYS = [
  'checkName',
  'resourceIdentifier',
  'expirationDate',
  'suppressIndefinitely',
  'description',
  // AWS's token against repeated calls: accepted, so that what AWS lists can be pasted.
  'clientRequestToken',
] as const;
const DESCRIPTION_LENGTH_MAX = 1000;
const CERTIFICATE_ID = /^[0-9a-fA-F]{64}$/;

/** The suppression, or undefined after adding everything that is wrong with it. */
export function parseSuppression(entry: unknown, add: AddProblem): AuditSuppression | undefined {
  let sound = true;
  const wrong: AddProblem = (within, problem) => {
    sound = false;
    add(within, problem);
  };
  if (!isMap(entry)) {
    const hint = 'write checkName, resourceIdentifier and expirationDate or suppressIndefinitely';
    wrong([], { message: 'this is not a suppression', hint });
    return undefined;
  }
  unknownKeys(entry, KEYS, [], wrong);
  const checkName = checkFrom(entry.checkName, wrong);
  const resource = checkName && resourceFrom(checkName, entry.resourceIdentifier, wrong);
  const lifetime = lifetimeFrom(entry, wrong);
  const description = descriptionFrom(entry.description, wrong);
  if (!sound || checkName === undefined || resource === undefined) return undefined;
  return {
    checkName,
    resourceIdentifier: resource,
    ...lifetime,
    ...(description === undefined ? {} : { description }),
  };
}

function checkFrom(value: unknown, wrong: AddProblem): CheckId | undefined {
  const name = typeof value === 'string' ? value : '';
  const check = CHECK_IDS.find((id) => id === name);
  if (check !== undefined) return check;
  const near = nearest(name, CHECK_IDS);
  wrong(['checkName'], {
    message: name === '' ? 'checkName is missing' : `there is no check "${printable(name, 80)}"`,
    hint: near ? `did you mean ${near}?` : `use ${CHECK_IDS.join(' or ')}`,
  });
  return undefined;
}

/** AWS suppresses each check by one kind of resource. */
function resourceFrom(
  check: CheckId,
  value: unknown,
  wrong: AddProblem,
): ResourceIdentifier | undefined {
  const key = IDENTIFIER_KEYS[CHECKS[check].resourceType];
  const hint = `write resourceIdentifier: { ${key}: … }`;
  if (!isMap(value)) {
    wrong(['resourceIdentifier'], { message: 'resourceIdentifier is missing', hint });
    return undefined;
  }
  const named = value[key];
  if (named === undefined) {
    wrong(['resourceIdentifier'], { message: `${check} is suppressed by ${key}`, hint });
    return undefined;
  }
  unknownKeys(value, [key], ['resourceIdentifier'], wrong);
  if (key === 'issuerCertificateIdentifier') return issuerFrom(named, wrong);
  if (typeof named !== 'string' || named === '') {
    const message = `${key} is not a text`;
    wrong(['resourceIdentifier', key], { message, hint: 'put it in quotes' });
    return undefined;
  }
  if (key === 'clientId' || key === 'doppelfleetPrincipal') return { [key]: named };
  if (!CERTIFICATE_ID.test(named)) {
    const message = `${key} is not a certificate ID`;
    wrong(['resourceIdentifier', key], { message, hint: 'write its 64 hex digits' });
    return undefined;
  }
  return { [key]: named.toLowerCase() };
}

const ISSUER_KEYS = [
  'issuerCertificateSubject',
  'issuerId',
  'issuerCertificateSerialNumber',
] as const;

function issuerFrom(value: unknown, wrong: AddProblem): ResourceIdentifier | undefined {
  const within = ['resourceIdentifier', 'issuerCertificateIdentifier'];
  const hint = `use ${ISSUER_KEYS.join(', ')}`;
  const members = isMap(value) ? value : {};
  unknownKeys(members, ISSUER_KEYS, within, wrong);
  const texts = Object.fromEntries(
    ISSUER_KEYS.flatMap((key) => (typeof members[key] === 'string' ? [[key, members[key]]] : [])),
  ) as IssuerCertificateIdentifier;
  if (Object.keys(texts).length > 0) return { issuerCertificateIdentifier: texts };
  wrong(within, { message: 'issuerCertificateIdentifier names no issuer', hint });
  return undefined;
}

/** Either a date or for good: AWS leaves open what both or neither would mean, so it is refused. */
function lifetimeFrom(
  { expirationDate, suppressIndefinitely = false }: Entry,
  wrong: AddProblem,
): Pick<AuditSuppression, 'expirationDate' | 'suppressIndefinitely'> {
  if (typeof suppressIndefinitely !== 'boolean') {
    const message = 'suppressIndefinitely is neither true nor false';
    wrong(['suppressIndefinitely'], { message, hint: 'write true or leave it out' });
    return {};
  }
  const dated = expirationDate !== undefined && expirationDate !== null;
  if (dated === suppressIndefinitely) {
    wrong([], {
      message: dated
        ? 'has an expirationDate and is suppressed indefinitely'
        : 'has no expirationDate and is not suppressed indefinitely',
      hint: 'write one: expirationDate: 2027-01-31, or suppressIndefinitely: true',
    });
    return {};
  }
  if (!dated) return { suppressIndefinitely: true };
  const seconds = secondsFrom(expirationDate);
  if (seconds !== undefined) return { expirationDate: seconds };
  wrong(['expirationDate'], {
    message: 'expirationDate is not a point in time',
    hint: 'write a date in UTC, ISO 8601 with a zone, or epoch seconds as AWS does',
  });
  return {};
}

/** AWS has epoch seconds; YAML authors write dates. */
function secondsFrom(value: unknown): number | undefined {
  if (typeof value === 'number') {
    // The last instant of a JavaScript date; above it there is nothing to print.
    return value > 0 && value <= 8.64e12 ? value : undefined;
  }
  const at = typeof value === 'string' ? instantFrom(value) : undefined;
  return at === undefined ? undefined : at / 1000;
}

function descriptionFrom(value: unknown, wrong: AddProblem): string | undefined {
  if (value === undefined || value === null) return undefined;
  const fits = typeof value === 'string' && value.length <= DESCRIPTION_LENGTH_MAX;
  if (fits) return value;
  const message = `description is not a text of at most ${DESCRIPTION_LENGTH_MAX} characters`;
  wrong(['description'], { message, hint: 'shorten it' });
  return undefined;
}

function unknownKeys(
  entry: Entry,
  known: readonly string[],
  within: readonly string[],
  wrong: AddProblem,
): void {
  for (const key of Object.keys(entry).filter((name) => !known.includes(name))) {
    const near = nearest(key, known);
    wrong([...within, key], {
      message: `unknown key "${printable(key, 60)}"`,
      hint: near ? `did you mean ${near}?` : `use ${known.join(', ')}`,
    });
  }
}

function isMap(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
