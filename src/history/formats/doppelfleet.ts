/** Our own history: NDJSON with a header that says so. The reader of histories reads it. */
import type { OwnFormat } from './format.ts';

export const doppelfleet: OwnFormat = {
  id: 'doppelfleet',
  title: 'history.ndjson of doppelfleet',
  broker: 'doppelfleet',
  lacks: {},
  recognises: (beginning) => {
    if (/^\s*\{[^\n]{0,100}"doppelfleet"\s*:\s*"history"/.test(beginning)) return 1;
    // Without its first line it is one all the same, and the reader says what is missing.
    return /^\{"event":\d+,"kind":"[a-z-]+","vantage":"/m.test(beginning) ? 0.9 : 0;
  },
};
