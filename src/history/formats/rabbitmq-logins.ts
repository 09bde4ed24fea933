/**
 * Whose certificate a connection of RabbitMQ has shown: the line that names the user comes from
 * another process than the connection and says nothing of it. Before a connection is accepted, its
 * own line of this kind has come; so where all names that wait for their connection are one and the
 * same, it is that. Where they differ, nobody is named. Pure.
 */

/** Names that wait; more logins than that at once are not told apart anyway. */
const NAMES_MAX = 10_000;

export class CertificateLogins {
  readonly #waiting = new Set<string>();
  #names: string[] = [];

  /** A connection, by its process, has sent a CONNECT without a user name. */
  connect(process: string): void {
    this.#waiting.add(process);
  }

  authenticated(name: string): void {
    // Of another protocol, or of a connection with a user name.
    if (this.#waiting.size === 0) return;
    if (this.#names.length < NAMES_MAX) this.#names.push(name);
  }

  /** The connection is accepted: its user, if there is no doubt. */
  accepted(process: string): string | undefined {
    if (!this.#waiting.delete(process)) return undefined;
    const [name] = this.#names;
    const sure = this.#names.every((other) => other === name);
    if (sure) this.#names.shift();
    if (this.#waiting.size === 0) this.#names = [];
    return sure ? name : undefined;
  }

  /** The connection came to nothing. */
  ended(process: string): void {
    this.#waiting.delete(process);
    if (this.#waiting.size === 0) this.#names = [];
  }
}
