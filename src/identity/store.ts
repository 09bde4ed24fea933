/**
 * The store of certificates: one folder per authority under a root such as `certs/`.
 *
 *   <root>/<authority>/manifest.json   what is there, without keys
 *                      ca.pem, ca.key                 the authority that signs devices
 *                      server-ca.pem, server-ca.key   signs servers where `ca` is not ours
 *                      server.pem, server.key         what a local broker shows
 *                      device-ca.pem                  what imported devices chain to
 *                      devices.ndjson                 all devices with their keys, 0600
 *
 * Devices share one file because twenty thousand small ones take 1 to 9 seconds to write, one file
 * 0.05; `exportCredentials` writes pairs for other tools.
 */
import { join } from 'node:path';
import { EXIT, type Problem, UserError } from '../core/errors.ts';
import type { EpochMs } from '../core/time.ts';
import { storeNameProblem } from './names.ts';

/** A handle; nothing is read or written before one of the store's functions is called with it. */
export interface Store {
  /** Folder of this authority. */
  readonly folder: string;
  readonly authorityName: string;
  readonly now: () => EpochMs;
  /** Receives what the user should know and what does not stop the work. */
  readonly warn: (problem: Problem) => void;
}

/** How a store is opened. */
export interface StoreOptions {
  readonly now: () => EpochMs;
  /** Several authorities can live in one root; `default` by default. */
  readonly authority?: string;
  readonly onWarning?: (problem: Problem) => void;
}

/** Opens the store under `root`. Throws `UserError` for an authority name that is not a file name. */
export function openStore(root: string, options: StoreOptions): Store {
  const { now, authority = 'default', onWarning = () => {} } = options;
  const problem = storeNameProblem(authority);
  if (problem !== undefined) throw new UserError(EXIT.usage, problem);
  return { folder: join(root, authority), authorityName: authority, now, warn: onWarning };
}

/** Paths inside a store. */
export function storeFile(store: Store, file: StoreFile): string {
  return join(store.folder, file);
}

/** The files that a store may have. */
export type StoreFile =
  | 'manifest.json'
  | 'ca.pem'
  | 'ca.key'
  | 'server-ca.pem'
  | 'server-ca.key'
  | 'server.pem'
  | 'server.key'
  | 'device-ca.pem'
  | 'devices.ndjson'
  | '.lock';
