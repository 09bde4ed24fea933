/** The verbs of a script, by the key that a step has for it. */
import type { Verb } from '../step-schema.ts';
import { changeBroker, evidence } from './broker.ts';
import { connect } from './connect.ts';
import { publish, receive, subscribe } from './messages.ts';
import { disconnect, drop, duel, session, wait } from './sessions.ts';
import type { VerbAction } from './verb.ts';

export const VERB_ACTIONS = {
  connect,
  disconnect,
  drop,
  subscribe,
  publish,
  receive,
  session,
  duel,
  broker: changeBroker,
  evidence,
  wait,
} satisfies Record<Exclude<Verb, 'repeat'>, VerbAction>;
