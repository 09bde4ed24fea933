/** A shard's place at a commander: which worker has it, and through which link the run speaks to it. */
import type { WorkerLink, WorkerListener } from '../shards/worker-link.ts';
import type { Attempt } from './attempt.ts';

export class Seat {
  /** From 1. */
  readonly shard: number;
  readonly devices: ReadonlySet<string>;
  attempt: Attempt | undefined;

  constructor(shard: number, devices: ReadonlySet<string>) {
    this.shard = shard;
    this.devices = devices;
  }
}

/**
 * A link over the attempt that holds a seat now. As long as it is provisional its end only lets go:
 * the worker keeps the seat for the next try. Once it counts, its end dismisses the worker.
 */
export class SeatLink implements WorkerLink {
  readonly name: string;
  readonly sharesClock = false;
  readonly #attempt: Attempt;
  readonly #released: () => Promise<void>;
  #isProvisional = true;
  #listener: WorkerListener | undefined;
  #isReleased = false;
  /** Whether the worker was lost while the link was provisional. */
  hasGone = false;

  /** `released` is called once the link has ended that counted; resolves when all is put away. */
  constructor({ shard }: Seat, attempt: Attempt, released: () => Promise<void>) {
    this.name = `worker ${shard} (${attempt.hello.worker})`;
    this.#attempt = attempt;
    this.#released = released;
  }

  /** From now on the worker is lost when the link is. */
  commit(): void {
    this.#isProvisional = false;
  }

  listen(listener: WorkerListener): void {
    this.#listener = listener;
    this.#attempt.listen({
      message: (message) => listener.message(message),
      gone: (why) => {
        this.#listener = undefined;
        this.hasGone = true;
        listener.gone(why);
      },
    });
  }

  send(message: Parameters<WorkerLink['send']>[0]): void {
    this.#attempt.send(message);
  }

  kill(): void {
    if (this.#isProvisional) return;
    this.#attempt.dismiss('the run has no use for this shard any more');
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.gone('was dismissed');
    void this.#release();
  }

  async close(): Promise<void> {
    if (this.#isProvisional) {
      this.#attempt.listen(undefined);
      return;
    }
    this.#attempt.dismiss('the run is over');
    await this.#release();
  }

  /** All links of a run end together, so that the last one puts everything away. */
  async #release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    await this.#released();
  }
}
