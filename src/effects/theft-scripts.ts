/** The scripts that try to take a session away from its owner, and what each of them shows. */

/** With variant, as `loadAnyScenario` takes them; the values are rows' labels. */
export const THEFT_SCRIPTS: Readonly<Record<string, string>> = {
  'session-takeover': 'eviction by another certificate',
  'session-theft': 'session theft, another certificate',
  'session-theft:shared-certificate': 'session theft, same certificate',
};
