/**
 * What a dataset says of itself: which recordings went in, what of them could not be read, where the
 * sessions lie and which span each file covers. It is written last and replaced as a whole, so that
 * a dataset is what its manifest names, whatever else lies in the folder.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, fileError, systemCode, UserError } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import type { EpochMs } from '../../core/time.ts';
import type { LoadedHistory } from '../load.ts';
import type { DatasetFile } from './layout.ts';
import { manifestProblem } from './validate-manifest.ts';

export const DATASET_SCHEMA_VERSION = 1;
const MANIFEST_NAME = 'manifest.json';
/** A Parquet file without rows that carries the columns, for windows without a file. */
export const EMPTY_NAME = 'empty.parquet';

/** All files with one header; its numbers run on from those of the recording before. */
export interface DatasetRecording {
  readonly run: number;
  readonly key: string;
  readonly hasBroker: boolean;
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly eventOffset: number;
  /** How many event numbers it takes up. */
  readonly eventNumbers: number;
  /** Rows of events, and a hash of their contents in whatever order: told apart from other content. */
  readonly events: number;
  readonly fingerprint: string;
}

/** Counts over all sessions, made when they were written. */
export interface DatasetFacts {
  readonly sessions: number;
  readonly clientIds: number;
  readonly certificates: number;
  readonly takeovers: number;
  readonly certificatesJoined: number;
  readonly unmatched: number;
  readonly contradicting: number;
  readonly takeoversInferred: number;
}

export interface DatasetManifest {
  readonly doppelfleet: 'dataset';
  readonly schemaVersion: typeof DATASET_SCHEMA_VERSION;
  readonly toolVersion: string;
  /** How far apart broker and device may stamp one connect, with which they were joined. */
  readonly joinToleranceMs: number;
  /** With which `facts` were counted; another can be chosen when auditing. */
  readonly takeoverToleranceMs: number;
  readonly columns: readonly string[];
  readonly recordings: readonly DatasetRecording[];
  readonly sources: readonly LoadedHistory[];
  readonly facts: DatasetFacts;
  readonly files: readonly DatasetFile[];
  /** SHA-256 of everything above, hex. */
  readonly digest: string;
}

export interface Dataset {
  readonly folder: string;
  readonly manifest: DatasetManifest;
}

/** The dataset in a folder, or undefined when there is no manifest. Throws a {@link UserError} (65). */
export async function readDataset(folder: string): Promise<Dataset | undefined> {
  const file = path.join(folder, MANIFEST_NAME);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw fileError(error, 'read', file);
  }
  const value = parse(text);
  if (value === undefined || !('doppelfleet' in value) || value.doppelfleet !== 'dataset') {
    return undefined;
  }
  const problem = manifestProblem(value) ?? digestProblem(value as DatasetManifest);
  if (problem === undefined) return { folder, manifest: value as DatasetManifest };
  throw new UserError(EXIT.invalidInput, {
    file,
    message: problem,
    hint: 'convert the histories again into a new folder',
  });
}

export async function writeManifest(
  folder: string,
  manifest: Omit<DatasetManifest, 'digest'>,
): Promise<DatasetManifest> {
  const whole = { ...manifest, digest: digestOf(manifest) };
  await writeFileAtomic(path.join(folder, MANIFEST_NAME), `${JSON.stringify(whole, null, 2)}\n`);
  return whole;
}

function digestProblem({ digest, ...manifest }: DatasetManifest): string | undefined {
  return digest === digestOf(manifest) ? undefined : 'the manifest was changed or is damaged';
}

function digestOf(manifest: Omit<DatasetManifest, 'digest'>): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
