/**
 * The flapping ban: a client ID that has connected more than so often within a window is refused for
 * a while, as EMQX's flapping detection does it (15 in a minute, five minutes). It knows client IDs
 * only: who has another one for every connect is never banned, and whoever may use a client ID can
 * have it banned for its owner.
 */
import type { FlappingBan } from '../../core/broker-rule.ts';

/** More client IDs than this at once, and the one that was quiet longest is forgotten. */
const CLIENT_IDS_MAX = 200_000;

type Limits = Omit<FlappingBan, 'rule'>;

interface Record {
  /** When it connected, within the window, in ms. */
  readonly connects: readonly number[];
  readonly bannedUntil: number;
}

export class FlappingGuard {
  /** In the order of the last connect, so that the quietest comes first. */
  readonly #records = new Map<string, Record>();

  /** Counts a connect at `now` (ms), and says until when the client ID is banned, if it is. */
  connect(clientId: string, now: number, limits: Limits): number | undefined {
    const { connects = [], bannedUntil = 0 } = this.#records.get(clientId) ?? {};
    // What is refused does not prolong the ban.
    if (now < bannedUntil) return bannedUntil;
    const recent = [...connects.filter((at) => at > now - limits.windowMs), now];
    const isOver = recent.length > limits.connectsMax;
    const until = isOver ? now + limits.banMs : 0;
    this.#remember(clientId, { connects: isOver ? [] : recent, bannedUntil: until });
    return isOver ? until : undefined;
  }

  #remember(clientId: string, record: Record): void {
    this.#records.delete(clientId);
    this.#records.set(clientId, record);
    if (this.#records.size <= CLIENT_IDS_MAX) return;
    const [quietest] = this.#records.keys();
    if (quietest !== undefined) this.#records.delete(quietest);
  }
}
