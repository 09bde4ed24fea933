/** A worker at the other end of a link, as a commander holds it: a process here or elsewhere. */
import type { FromWorker, ToWorker } from './protocol.ts';

export interface WorkerListener {
  message(message: FromWorker): void;
  /** The worker has gone, whether it had finished or not; one sentence says how. Called once. */
  gone(why: string): void;
}

export interface WorkerLink {
  /** As people know it: `worker 2`. */
  readonly name: string;
  /** Whether it reads our own clock, so that no offset needs to be measured. */
  readonly sharesClock: boolean;
  /** Called once, before anything is sent. */
  listen(listener: WorkerListener): void;
  /** Messages arrive in order; after the worker has gone they are dropped. */
  send(message: ToWorker): void;
  /** At once; `gone` is called. */
  kill(): void;
  /** Ends the link to a worker that has finished; resolves when nothing of it is left. */
  close(): Promise<void>;
}
