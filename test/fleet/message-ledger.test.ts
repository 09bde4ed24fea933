/** The ledger against a plain account of the same story, and its bounds. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageLedger } from '../../src/fleet/message-ledger.ts';

type Step =
  | { readonly do: 'connect' | 'subscribe'; readonly keeps: boolean }
  | { readonly do: 'end'; readonly by: 'own' | 'other'; readonly expiresAfter: number }
  | { readonly do: 'publish'; readonly payload: string; readonly qos: 0 | 1 }
  | { readonly do: 'receive'; readonly payload: string };

const qos = fc.constantFrom(0 as const, 1 as const);
const payload = fc.constantFrom('a', 'b');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('connect' as const, 'subscribe' as const), keeps: fc.boolean() }),
  fc.record({
    do: fc.constant('end' as const),
    by: fc.constantFrom('own' as const, 'other' as const),
    expiresAfter: fc.integer({ min: 0, max: 6 }),
  }),
  fc.record({ do: fc.constant('publish' as const), payload, qos }),
  fc.record({ do: fc.constant('receive' as const), payload }),
);

/** One copy that somebody is due: its whole life, one object each. */
interface Copy {
  readonly payload: string;
  readonly atQos1: boolean;
  state: 'open' | 'came' | 'lost' | 'excused';
}

/** Written out: a list of copies, each told apart, looked through at every step. */
class Account {
  readonly #grantedQos: 0 | 1;
  readonly #copies: Copy[] = [];
  readonly #published: string[] = [];
  readonly #got: string[] = [];
  #connected = false;
  #granted = false;
  #everGranted = false;
  #keeps = false;
  #keptUntil = -1;
  #duplicated = 0;
  #now = 0;

  constructor(steps: readonly Step[], grantedQos: 0 | 1) {
    this.#grantedQos = grantedQos;
    for (const one of steps) this.#step(one);
  }

  #step(one: Step): void {
    this.#now++;
    if (one.do === 'connect') {
      // One that it replaces was its own to give up.
      const kept = this.#connected ? this.#keeps : this.#now <= this.#keptUntil;
      if (!kept) this.#settle(() => true, 'excused');
      this.#connected = true;
      this.#granted = false;
      this.#keeps = one.keeps;
    } else if (one.do === 'publish') {
      if (this.#everGranted) this.#publish(one.payload, one.qos);
    } else if (this.#connected) this.#whileConnected(one);
  }

  #whileConnected(one: Exclude<Step, { readonly do: 'publish' }>): void {
    if (one.do === 'subscribe') {
      this.#granted = true;
      this.#everGranted = true;
    } else if (one.do === 'end') {
      this.#connected = false;
      this.#keptUntil = this.#keeps ? this.#now + one.expiresAfter : -1;
      const gone = (copy: Copy): boolean => !this.#keeps || !copy.atQos1;
      this.#settle(gone, one.by === 'own' ? 'excused' : 'lost');
    } else if (one.do === 'receive' && this.#everGranted) this.#receive(one.payload);
  }

  #publish(text: string, qos: 0 | 1): void {
    const kept = this.#connected ? this.#keeps : this.#now <= this.#keptUntil;
    if (!this.#connected && !kept) return;
    this.#published.push(text);
    const atQos1 = qos === 1 && this.#grantedQos === 1;
    const listens = this.#connected && this.#granted;
    if (listens || (kept && atQos1)) this.#copies.push({ payload: text, atQos1, state: 'open' });
  }

  #receive(text: string): void {
    const times = (list: readonly string[]) => list.filter((one) => one === text).length;
    if (times(this.#published) === 0) return;
    if (times(this.#got) === times(this.#published)) {
      this.#duplicated++;
      return;
    }
    this.#got.push(text);
    const open = this.#copies.filter((copy) => copy.payload === text && copy.state === 'open');
    const first = open.find(({ atQos1 }) => atQos1) ?? open[0];
    if (first !== undefined) first.state = 'came';
  }

  #settle(which: (copy: Copy) => boolean, state: Copy['state']): void {
    for (const copy of this.#copies) if (copy.state === 'open' && which(copy)) copy.state = state;
  }

  result() {
    const count = (state: Copy['state']) =>
      this.#copies.filter((copy) => copy.state === state).length;
    const waits = !this.#connected && this.#now <= this.#keptUntil;
    const open = count('open');
    return {
      due: count('came') + count('lost') + (this.#connected || waits ? open : 0),
      lost: count('lost') + (this.#connected ? open : 0),
      waiting: waits ? open : 0,
      duplicated: this.#duplicated,
      notCounted: 0,
    };
  }
}

function account(steps: readonly Step[], grantedQos: 0 | 1) {
  return new Account(steps, grantedQos).result();
}

function ledgerOf(steps: readonly Step[], grantedQos: 0 | 1) {
  const ledger = new MessageLedger();
  let [connected, keeps, ever, now] = [false, false, false, 0];
  for (const one of steps) {
    now++;
    if (one.do === 'connect') {
      [connected, keeps] = [true, one.keeps];
      ledger.connected('d', keeps, now);
    } else if (one.do === 'subscribe' && connected) {
      ever = true;
      ledger.subscribed('d', [{ filter: 't/#', qos: grantedQos }]);
    } else if (one.do === 'end' && connected) {
      connected = false;
      ledger.ended('d', one.by, keeps ? now + one.expiresAfter : undefined);
    } else if (one.do === 'publish') ledger.published('t/1', one.payload, one.qos, now);
    else if (one.do === 'receive' && connected && ever) ledger.received('d', 't/1', one.payload);
  }
  return ledger.deliveries(now);
}

/** A copy that comes although nobody was due it stands for one that is due later: left out. */
function comesOnlyWhatIsDue(steps: readonly Step[], grantedQos: 0 | 1): readonly Step[] {
  const kept: Step[] = [];
  for (const one of steps) {
    const before = account(kept, grantedQos);
    const after = account([...kept, one], grantedQos);
    const isExtra =
      one.do === 'receive' &&
      after.lost + after.waiting === before.lost + before.waiting &&
      after.duplicated === before.duplicated;
    if (!isExtra) kept.push(one);
  }
  return kept;
}

describe('the message ledger', () => {
  it('says the same as a list of every copy, whatever the story', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), qos, (steps, grantedQos) => {
        const story = comesOnlyWhatIsDue(steps, grantedQos);
        expect(ledgerOf(story, grantedQos)).toEqual(account(story, grantedQos));
      }),
      { numRuns: 5000 },
    );
  });

  it('takes no copy too many for an equal message that is published later', () => {
    const ledger = new MessageLedger();
    ledger.connected('d', false, 1);
    ledger.subscribed('d', [{ filter: 't', qos: 0 }]);
    ledger.published('t', 'same', 0, 2);
    for (let copy = 0; copy < 2; copy++) ledger.received('d', 't', 'same');
    ledger.published('t', 'same', 0, 3);
    expect(ledger.deliveries(4)).toMatchObject({ due: 2, lost: 1, duplicated: 1 });
    ledger.received('d', 't', 'same');
    expect(ledger.deliveries(5)).toMatchObject({ due: 2, lost: 0, duplicated: 1 });
  });

  it('is due what was published while it was away with a session, and not without', () => {
    for (const [keeps, lost] of [
      [true, 1],
      [false, 0],
    ] as const) {
      const ledger = new MessageLedger();
      ledger.connected('d', keeps, 1);
      ledger.subscribed('d', [{ filter: 't', qos: 1 }]);
      ledger.ended('d', 'own', keeps ? 100 : undefined);
      ledger.published('t', 'x', 1, 2);
      ledger.connected('d', keeps, 3);
      expect(ledger.deliveries(4).lost).toBe(lost);
    }
  });

  it('says what it could not count, and guesses nothing from there on', () => {
    const ledger = new MessageLedger({ openMax: 3, entriesMax: 10 });
    ledger.connected('d', false, 0);
    ledger.subscribed('d', [{ filter: 't', qos: 1 }]);
    for (let n = 0; n < 10; n++) ledger.published('t', `${n}`, 1, n);
    for (let n = 0; n < 10; n++) {
      ledger.received('d', 't', `${n}`);
      ledger.received('d', 't', `${n}`);
    }
    expect(ledger.deliveries(20)).toEqual({
      due: 3,
      lost: 0,
      duplicated: 0,
      waiting: 0,
      notCounted: 7,
    });
  });

  it('remembers the newest messages only, and never forgets one that is open', () => {
    const ledger = new MessageLedger({ openMax: 100, entriesMax: 5 });
    ledger.connected('d', false, 0);
    ledger.subscribed('d', [{ filter: 't', qos: 1 }]);
    ledger.published('t', 'never comes', 1, 0);
    for (let n = 0; n < 50; n++) {
      ledger.published('t', `${n}`, 1, n);
      ledger.received('d', 't', `${n}`);
    }
    ledger.received('d', 't', '0');
    ledger.received('d', 't', '49');
    expect(ledger.deliveries(60)).toMatchObject({ due: 51, lost: 1, duplicated: 1, notCounted: 0 });
  });

  it('tells long messages apart, and leaves shared subscriptions out', () => {
    const ledger = new MessageLedger();
    const long = 'x'.repeat(5000);
    ledger.connected('d', false, 0);
    ledger.subscribed('d', [{ filter: '$share/g/s', qos: 1 }]);
    ledger.published('s', 'anyone gets it', 1, 1);
    ledger.subscribed('d', [{ filter: 't', qos: 1 }]);
    ledger.published('t', `${long}1`, 1, 1);
    ledger.published('t', `${long}2`, 1, 1);
    ledger.received('d', 't', `${long}2`);
    expect(ledger.deliveries(2)).toMatchObject({ due: 2, lost: 1, duplicated: 0 });
  });
});
