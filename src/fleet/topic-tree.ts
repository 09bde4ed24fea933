/**
 * Who has subscribed to what: topic filters as a tree of their levels, so that a message finds its
 * subscribers in the number of its levels, not of all filters (MQTT 5.0 §4.7).
 */

interface Level<Subscriber> {
  readonly next: Map<string, Level<Subscriber>>;
  /** QoS by subscriber. */
  readonly here: Map<Subscriber, 0 | 1>;
}

export class TopicTree<Subscriber> {
  readonly #root: Level<Subscriber> = level();

  /** A filter given again has the QoS given last (MQTT 5.0 §3.8.4). */
  add(filter: string, qos: 0 | 1, subscriber: Subscriber): void {
    let at = this.#root;
    for (const name of filter.split('/')) {
      let next = at.next.get(name);
      if (next === undefined) {
        next = level();
        at.next.set(name, next);
      }
      at = next;
    }
    at.here.set(subscriber, qos);
  }

  /** Each subscriber with the highest QoS of its filters that match. */
  match(topic: string): ReadonlyMap<Subscriber, 0 | 1> {
    const found = new Map<Subscriber, 0 | 1>();
    const take = (one: Level<Subscriber> | undefined): void => {
      for (const [subscriber, qos] of one?.here ?? []) {
        if (qos > (found.get(subscriber) ?? -1)) found.set(subscriber, qos);
      }
    };
    let front = [this.#root];
    for (const [depth, name] of topic.split('/').entries()) {
      // Wildcards at the beginning leave topics of the server's own alone ([MQTT-4.7.2-1]).
      const wild = depth > 0 || !topic.startsWith('$');
      const following: Level<Subscriber>[] = [];
      for (const one of front) {
        if (wild) take(one.next.get('#'));
        const exact = one.next.get(name);
        if (exact !== undefined) following.push(exact);
        const any = wild ? one.next.get('+') : undefined;
        if (any !== undefined) following.push(any);
      }
      front = following;
    }
    for (const one of front) {
      take(one);
      // `sport/#` matches `sport` too (MQTT 5.0 §4.7.1.2).
      take(one.next.get('#'));
    }
    return found;
  }
}

function level<Subscriber>(): Level<Subscriber> {
  return { next: new Map(), here: new Map() };
}
