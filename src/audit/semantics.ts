/**
 * What AWS leaves open about its audit, as options with a default each. `strict` is what the pages
 * say in words; `aws-compat` lists sessions as the one public sample does (AWS CLI examples,
 * list-audit-findings: only sessions that connected or closed inside the window).
 */
import { RELATED_RESOURCES_MAX } from '../core/limits.ts';

/** Every choice, decided. */
export interface AuditSemantics {
  /**
   * Which sessions of a shared certificate are found and listed. `overlaps`: all that overlap in
   * the window. `events`: an overlap counts if one of its sessions connected or closed in the
   * window, and only sessions that did are listed.
   */
  readonly sharedListing: 'overlaps' | 'events';
  /**
   * What makes a certificate shared. `overlapping-client-ids`: sessions of different client IDs at
   * the same time. `connections`: two connections that connected or closed in the window.
   */
  readonly sharedBy: 'overlapping-client-ids' | 'connections';
  /** Whether sessions that neither connected nor closed in the window are enough for a finding. */
  readonly includeLongLived: boolean;
  /** How an evicted session is named: by its certificate, or by client ID with PRINCIPAL_ID. */
  readonly conflictRelated: 'certificate' | 'client-id';
  /** `totalResourcesCount` counts resources with a session, or with an event, in the window. */
  readonly resourcesCounted: 'sessions' | 'events';
  /** Whether `nonCompliantResourcesCount` includes the suppressed ones, as in AWS's samples. */
  readonly nonCompliantCounted: 'all' | 'unsuppressed';
  /** Related resources that a finding lists at most; `relatedTotal` has the whole number. */
  readonly relatedMax: number;
  /** How far back the first run of a scheduled audit looks, in days. */
  readonly firstWindowDays: number;
}

export const STRICT: AuditSemantics = {
  sharedListing: 'overlaps',
  sharedBy: 'overlapping-client-ids',
  includeLongLived: true,
  conflictRelated: 'certificate',
  resourcesCounted: 'sessions',
  nonCompliantCounted: 'all',
  relatedMax: RELATED_RESOURCES_MAX,
  firstWindowDays: 31,
};

/** As the public sample of a shared certificate lists it. */
export const AWS_COMPAT: AuditSemantics = {
  ...STRICT,
  sharedListing: 'events',
  includeLongLived: false,
};

/** A choice as it is written: its name, its values, and from text to value. */
export interface SemanticsChoice {
  readonly name: keyof AuditSemantics;
  /** For people. */
  readonly values: string;
  /** Undefined when it is none; bounds of numbers are checked with the other options. */
  readonly parse: (text: string) => string | number | boolean | undefined;
}

function words(name: keyof AuditSemantics, ...values: readonly string[]): SemanticsChoice {
  return {
    name,
    values: values.join(' or '),
    parse: (text) => values.find((value) => value === text),
  };
}

function wholeNumber(name: keyof AuditSemantics): SemanticsChoice {
  return {
    name,
    values: 'a whole number',
    parse: (text) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined),
  };
}

/** Every choice, for command lines and help. */
export const AUDIT_SEMANTICS: readonly SemanticsChoice[] = [
  words('sharedListing', 'overlaps', 'events'),
  words('sharedBy', 'overlapping-client-ids', 'connections'),
  {
    name: 'includeLongLived',
    values: 'true or false',
    parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
  },
  words('conflictRelated', 'certificate', 'client-id'),
  words('resourcesCounted', 'sessions', 'events'),
  words('nonCompliantCounted', 'all', 'unsuppressed'),
  wholeNumber('relatedMax'),
  wholeNumber('firstWindowDays'),
];
