/**
 * The files of a broker that runs in its work folder: the configuration under test as its author
 * named it, certificates in `tls/`, what the broker writes in `data/`. Paths are relative to the work
 * folder, so that none of ours has to be quoted. The private key is there (0600) only while the
 * broker reads it.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, UserError } from '../core/errors.ts';
import { makeFolders, writeFileAtomic } from '../core/files.ts';
import { printable } from '../core/text.ts';
import type { BrokerChanges, BrokerStartOptions } from './adapter.ts';
import type { BrokerConfiguration, Placeholder } from './configuration.ts';
import type { PlaceholderValues } from './render-configuration.ts';

export const SUBJECT_FILES = {
  log: 'broker.log',
  data: 'data',
  tls: 'tls',
  deviceCa: 'tls/device-ca.pem',
  deviceAndOtherCa: 'tls/device-and-other-ca.pem',
  certificate: 'tls/broker.pem',
  privateKey: 'tls/broker-key.pem',
  crlFolder: 'tls/crl',
} as const;

/** Values of the placeholders that stand for files. */
export function fileValues({ crlPem, otherCaPem }: BrokerStartOptions): PlaceholderValues {
  return {
    deviceCa: SUBJECT_FILES.deviceCa,
    ...(otherCaPem === undefined ? {} : { deviceAndOtherCa: SUBJECT_FILES.deviceAndOtherCa }),
    serverCertificate: SUBJECT_FILES.certificate,
    serverKey: SUBJECT_FILES.privateKey,
    ...(crlPem === undefined ? {} : { crl: SUBJECT_FILES.crlFolder }),
    folder: SUBJECT_FILES.data,
  };
}

export interface SubjectFilesOptions {
  readonly start: BrokerStartOptions;
  readonly configuration: BrokerConfiguration;
  /** Text by name, placeholders filled in. */
  readonly files: ReadonlyMap<string, string>;
  readonly uses: ReadonlySet<Placeholder>;
  /** What a changed text of one of the files becomes; throws a `UserError` if it can't be used. */
  readonly fill: (name: string, text: string) => string;
  /** Name of a revocation list in its folder, from its text; undefined if the text is no list. */
  readonly crlName?: (crlPem: string) => string | undefined;
}

export class SubjectFiles {
  readonly #options: SubjectFilesOptions;
  #crl: string | undefined;
  #crlProblem: string | undefined;

  constructor(options: SubjectFilesOptions) {
    this.#options = options;
  }

  /** What is wrong with the revocation list that is there now, if the configuration uses one. */
  get crlProblem(): string | undefined {
    return this.#crlProblem;
  }

  async write(): Promise<void> {
    const { files, start } = this.#options;
    for (const folder of [SUBJECT_FILES.data, SUBJECT_FILES.tls, SUBJECT_FILES.crlFolder]) {
      await makeFolders(this.#path(folder), 0o700);
    }
    for (const [name, text] of files) await this.#write(name, text);
    await this.#writeAuthorities(start.deviceCaPem);
    await this.#write(SUBJECT_FILES.certificate, start.server.certificatePem);
    if (start.crlPem !== undefined) await this.#writeCrl(start.crlPem);
  }

  /** Runs `read` while the private key is there. */
  async withKey<T>(read: () => Promise<T>): Promise<T> {
    const file = this.#path(SUBJECT_FILES.privateKey);
    try {
      await writeFileAtomic(file, this.#options.start.server.privateKeyPem, 0o600);
      return await read();
    } finally {
      await rm(file, { force: true });
    }
  }

  /** The users of a broker that lists them in its files are in `files` already. */
  async change({ deviceCaPem, crlPem, files = {} }: BrokerChanges): Promise<void> {
    const { uses, fill } = this.#options;
    const unknown = Object.keys(files).find((name) => !this.#options.files.has(name));
    if (unknown !== undefined) throw this.#lacks(`no file ${printable(unknown)}`);
    if (deviceCaPem !== undefined && !uses.has('deviceCa') && !uses.has('deviceAndOtherCa')) {
      throw this.#lacks('no {{deviceCa}}');
    }
    if (crlPem !== undefined && !uses.has('crl')) throw this.#lacks('no {{crl}}');
    const filled = Object.entries(files).map(
      ([name, text]) => [name, text === null ? null : fill(name, text)] as const,
    );
    if (deviceCaPem !== undefined) await this.#writeAuthorities(deviceCaPem);
    if (typeof crlPem === 'string') await this.#writeCrl(crlPem);
    if (crlPem === null && this.#crl !== undefined) await rm(this.#crlPath(this.#crl));
    if (crlPem === null) {
      this.#crl = undefined;
      this.#crlProblem = 'there is no revocation list';
    }
    for (const [name, text] of filled) {
      if (text === null) await rm(this.#path(name), { force: true });
      else await this.#write(name, text);
    }
  }

  /** The log and the configuration stay: they say how the evidence came about. */
  async remove(): Promise<void> {
    for (const folder of [SUBJECT_FILES.tls, SUBJECT_FILES.data]) {
      await rm(this.#path(folder), { recursive: true, force: true, maxRetries: 3 });
    }
  }

  async #writeAuthorities(deviceCaPem: string): Promise<void> {
    const { otherCaPem } = this.#options.start;
    await this.#write(SUBJECT_FILES.deviceCa, deviceCaPem);
    if (otherCaPem === undefined) return;
    await this.#write(SUBJECT_FILES.deviceAndOtherCa, `${deviceCaPem.trimEnd()}\n${otherCaPem}`);
  }

  /** What is no list at all, on purpose, takes the place of the list that was there. */
  async #writeCrl(crlPem: string): Promise<void> {
    const known = this.#options.crlName?.(crlPem);
    const name = known ?? this.#crl ?? 'list.pem';
    this.#crlProblem = known === undefined ? 'the revocation list can not be read' : undefined;
    if (this.#crl !== undefined && this.#crl !== name) {
      await rm(this.#crlPath(this.#crl), { force: true });
    }
    this.#crl = name;
    await writeFileAtomic(this.#crlPath(name), crlPem);
  }

  /** For nobody else: a configuration may hold what its author keeps to themselves. */
  async #write(name: string, text: string): Promise<void> {
    await writeFileAtomic(this.#path(name), text, 0o600);
  }

  #crlPath(name: string): string {
    return this.#path(path.join(SUBJECT_FILES.crlFolder, name));
  }

  #path(name: string): string {
    return path.join(this.#options.start.workFolder, name);
  }

  #lacks(what: string): UserError {
    return new UserError(EXIT.invalidInput, {
      file: this.#options.configuration.path,
      message: `the configuration has ${what} that could be changed`,
    });
  }
}
