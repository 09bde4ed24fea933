/** What is known of a check by its name, which may be that of a check we do not have. */
import type { CheckMetadata } from '../../audit/check.ts';
import { CHECKS } from '../../audit/registry.ts';
import { OWN_CHECK_IDS } from '../../core/ids.ts';

const KNOWN: Readonly<Record<string, CheckMetadata>> = CHECKS;

/** What the check says of itself. */
export function checkMetadata(check: string): CheckMetadata | undefined {
  return Object.hasOwn(KNOWN, check) ? KNOWN[check] : undefined;
}

/** Whether the check is ours, so that no tool made for AWS expects it. */
export function isOwnCheck(check: string): boolean {
  return OWN_CHECK_IDS.some((own) => own === check);
}
