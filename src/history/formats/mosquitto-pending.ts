/**
 * Connections that Mosquitto has accepted and that have not said a client ID yet. Up to 2.1.0 the
 * log does not say which of them ended; that they are fewer is still known, and when only one is
 * left, which it is. Pure state.
 */

export interface PeerAddress {
  readonly ip: string;
  readonly port: number;
}

export class PendingConnections {
  /** By address; the value: whether it is the reader's own. */
  readonly #connections = new Map<string, boolean>();
  /** How many of them have ended without the log saying which. */
  #ended = 0;

  /** How many are still there. */
  get count(): number {
    return this.#connections.size - this.#ended;
  }

  /** How many of them are the reader's own. */
  get ownCount(): number {
    let count = 0;
    for (const own of this.#connections.values()) if (own) count += 1;
    return count;
  }

  accepted(peer: PeerAddress): void {
    const key = keyOf(peer);
    const own = this.#connections.get(key);
    // A port in use again: its earlier connection is one of those that have ended.
    if (own === false) this.#ended = Math.max(0, this.#ended - 1);
    this.#connections.set(key, own === true);
  }

  /** The connection from this address, which the log has named, is the reader's own. */
  ignore(peer: PeerAddress): void {
    this.#connections.set(keyOf(peer), true);
  }

  /** It has said a client ID, or its end names it. What it was: own, another's, or unheard of. */
  remove(peer: PeerAddress): 'own' | 'other' | undefined {
    const own = this.#connections.get(keyOf(peer));
    this.#connections.delete(keyOf(peer));
    this.#forget();
    return own === undefined ? undefined : own ? 'own' : 'other';
  }

  /** Takes one of the reader's own away, if there is one. */
  removeOwn(): boolean {
    for (const [key, own] of this.#connections) {
      if (own) return this.#connections.delete(key);
    }
    return false;
  }

  /** One of them has ended: its address when it was the only one. */
  endedOne(): PeerAddress | undefined {
    const [only, ...others] = this.#connections.keys();
    this.#ended += 1;
    this.#forget();
    return only === undefined || others.length > 0 ? undefined : peerOf(only);
  }

  clear(): void {
    this.#connections.clear();
    this.#ended = 0;
  }

  #forget(): void {
    if (this.#ended >= this.#connections.size) this.clear();
  }
}

function keyOf({ ip, port }: PeerAddress): string {
  return `${ip}:${port}`;
}

function peerOf(key: string): PeerAddress {
  const colon = key.lastIndexOf(':');
  return { ip: key.slice(0, colon), port: Number(key.slice(colon + 1)) };
}
