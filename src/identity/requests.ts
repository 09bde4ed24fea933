/** Checks requests for certificates before anything is made; every problem at once. Pure. */
import { EXIT, type Problem, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import { isKeyType } from './keys.ts';
import { storeNameProblem, thingNameProblem } from './names.ts';
import { type CertificateRequest, KEY_TYPES } from './types.ts';

const PROBLEMS_MAX = 50;

/** The requests, each name once. Throws `UserError` for unfit names and for contradictions. */
export function uniqueRequests(requests: readonly CertificateRequest[]): CertificateRequest[] {
  const byName = new Map<string, CertificateRequest>();
  const problems: Problem[] = [];
  for (const request of requests) {
    const { name, thingName, keyType } = request;
    const known = byName.get(name);
    byName.set(name, known ?? request);
    const found = [storeNameProblem(name), thingNameProblem(thingName)];
    if (!isKeyType(keyType)) {
      const message = `"${printable(String(keyType), 40)}" is not a key type`;
      found.push({ message, hint: `use one of ${KEY_TYPES.join(', ')}` });
    }
    if (known !== undefined && (known.thingName !== thingName || known.keyType !== keyType)) {
      const message = `the certificate name "${printable(name)}" is asked for with two meanings`;
      found.push({ message, hint: 'give each certificate a name of its own' });
    }
    problems.push(...found.filter((problem) => problem !== undefined));
  }
  if (problems.length > 0) throw new UserError(EXIT.invalidInput, capProblems(problems));
  return [...byName.values()];
}

/** The first problems, and how many more there are. */
export function capProblems(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= PROBLEMS_MAX) return problems;
  const more = problems.length - PROBLEMS_MAX;
  return [...problems.slice(0, PROBLEMS_MAX), { message: `… and ${more} more of this kind` }];
}
