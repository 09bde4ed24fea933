/**
 * What is tried on a user's own configurations when no matrix file says what: scenarios that mean
 * something on any broker, whichever options its configuration uses.
 */

/** References as a matrix file writes them. */
export const DEFAULT_SCENARIOS: readonly string[] = [
  'no-certificate',
  'other-authority',
  'expired-certificate',
  'claimed-username',
  'session-takeover',
  'session-theft',
  'session-destruction',
  'spoofed-client-id-topic',
  'foreign-publish',
  'foreign-subscribe',
  'shared-certificate',
  'cloned-client-ids',
  'flapping-connections',
];
