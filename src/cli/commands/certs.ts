/** `doppelfleet certs`: the store of certificates. Keys are written to files and never printed. */
import {
  EXIT,
  ensureDevices,
  ensureServer,
  exportCredentials,
  formatProblem,
  importAuthority,
  importDevices,
  KEY_TYPES,
  listCertificates,
  loadAuthority,
  openStore,
  printable,
  type ShownCertificate,
  type Store,
  showCertificate,
  storeNameFor,
  table,
  UserError,
  verifyStore,
} from '../../index.ts';
import { type Command, defineCommand } from '../command.ts';
import { type CliEnvironment, styleFor } from '../environment.ts';
import { durationFrom, jsonOption, storeOptions } from '../options.ts';

const issue = defineCommand({
  command: 'issue <thing..>',
  describe: 'Issue certificates for things and write PEM pairs for other tools',
  examples: [
    ['$0 certs issue pump-1 pump-2 --out ./pems', 'two P-256 certificates, keys 0600'],
    ['$0 certs issue pump-1 --key-type RSA-2048 --lifetime 30d --renew', 'a new one of 30 days'],
  ],
  options: (parser) =>
    storeOptions(jsonOption(parser))
      .positional('thing', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Thing names; they become the common names',
      })
      .option('key-type', { choices: KEY_TYPES, default: 'P-256' as const, describe: 'Key type' })
      .option('lifetime', { type: 'string', default: '365d', describe: 'How long they are valid' })
      .option('renew', {
        type: 'boolean',
        default: false,
        describe: 'Issue anew even where a stored certificate fits',
      })
      .option('out', { type: 'string', describe: 'Folder for the PEM pairs and ca.pem' }),
  async run(args, env) {
    const store = storeFrom(args, env);
    const requests = args.thing.map((thingName) => ({
      name: storeNameFor(thingName),
      thingName,
      keyType: args.keyType,
    }));
    const credentials = await ensureDevices(store, requests, {
      lifetimeMs: lifetimeFrom(args.lifetime),
      renew: args.renew,
      // What is issued is for the thing that was named, never somebody else's.
      usePool: false,
    });
    const authority = await loadAuthority(store);
    const files =
      args.out === undefined
        ? []
        : await exportCredentials(credentials.values(), args.out, authority?.trustPem);
    const issued = [...credentials.values()].map(({ name, thingName, certificateId }) => ({
      name,
      thingName,
      certificateId,
      ...files.find((file) => file.name === name),
    }));
    if (args.json) env.stdout.write(`${JSON.stringify(issued, null, 2)}\n`);
    else {
      for (const one of issued) {
        const where = one.certificateFile === undefined ? '' : `  ${one.certificateFile}`;
        env.stdout.write(`${one.certificateId}  ${printable(one.thingName)}${where}\n`);
      }
      if (args.out === undefined) {
        env.stderr.write('They are in the store; --out <folder> writes PEM pairs.\n');
      }
    }
    return EXIT.met;
  },
});

const server = defineCommand({
  command: 'server <host..>',
  describe: 'Issue a server certificate for a broker of yours and write it as PEM',
  examples: [
    ['$0 certs server broker.example 192.0.2.7 --out ./pems', 'server.pem, server.key and ca.pem'],
  ],
  options: (parser) =>
    storeOptions(jsonOption(parser))
      .positional('host', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Host names and addresses, besides localhost, 127.0.0.1 and ::1',
      })
      .option('key-type', { choices: KEY_TYPES, default: 'P-256' as const, describe: 'Key type' })
      .option('out', { type: 'string', demandOption: true, describe: 'Folder for the PEM files' }),
  async run(args, env) {
    const store = storeFrom(args, env);
    const { credential, caPem } = await ensureServer(store, {
      hosts: args.host,
      keyType: args.keyType,
    });
    const [files] = await exportCredentials([credential], args.out, caPem);
    const { certificateId } = credential;
    env.stdout.write(
      args.json
        ? `${JSON.stringify({ certificateId, ...files }, null, 2)}\n`
        : `${certificateId}  ${files?.certificateFile ?? ''}\n`,
    );
    return EXIT.met;
  },
});

const importCommand = defineCommand({
  command: 'import',
  describe: 'Bring your own: an authority with its key, or existing device certificates',
  examples: [
    ['$0 certs import --ca-cert ca.pem --ca-key ca.key', 'an authority the broker trusts already'],
    ['$0 certs import --devices ./pems --ca ca.pem', 'a folder of certificates and keys'],
    ['$0 certs import --devices devices.csv', 'columns thingName, certificate, key'],
  ],
  options: (parser) =>
    storeOptions(jsonOption(parser))
      .option('ca-cert', { type: 'string', describe: 'PEM of a CA certificate, with its chain' })
      .option('ca-key', { type: 'string', describe: 'PEM of its private key' })
      .option('devices', { type: 'string', describe: 'Folder or CSV of device certificates' })
      .option('ca', { type: 'string', describe: 'PEM of the CA that the devices chain to' })
      .option('replace', { type: 'boolean', default: false, describe: 'Drop what was imported' }),
  async run(args, env) {
    const { caCert, caKey, devices, ca, replace } = args;
    const store = storeFrom(args, env);
    if ((caCert === undefined) !== (caKey === undefined) || (caCert ?? devices) === undefined) {
      throw new UserError(EXIT.usage, {
        message: 'nothing to import',
        hint: 'give --ca-cert and --ca-key together, or --devices <folder or CSV>, or both',
      });
    }
    const result: Record<string, unknown> = {};
    if (caCert !== undefined && caKey !== undefined) {
      const authority = await importAuthority(store, {
        certificateFile: caCert,
        keyFile: caKey,
        replace,
      });
      result.authority = authority.certificateId;
    }
    if (devices !== undefined) {
      const caFile = ca === undefined ? {} : { caFile: ca };
      Object.assign(result, await importDevices(store, devices, { ...caFile, replace }));
    }
    env.stdout.write(
      args.json
        ? `${JSON.stringify(result, null, 2)}\n`
        : Object.entries(result)
            .map(([key, value]) => `${key}: ${String(value)}\n`)
            .join(''),
    );
    return EXIT.met;
  },
});

const list = defineCommand({
  command: 'list',
  describe: 'List what the store holds',
  examples: [['$0 certs list', 'names, kinds, validity, certificate IDs']],
  options: (parser) => storeOptions(jsonOption(parser)),
  async run(args, env) {
    const certificates = await listCertificates(storeFrom(args, env));
    if (args.json) env.stdout.write(`${JSON.stringify(certificates, null, 2)}\n`);
    else if (certificates.length === 0) {
      env.stdout.write('The store is empty; a run or `certs issue` fills it.\n');
    } else {
      const style = styleFor(env.stdout, env.env);
      const rows = certificates.map((one) => [
        printable(one.name, 40),
        one.kind,
        one.keyType,
        one.status === 'fits' ? style.green(one.status) : style.yellow(one.status),
        day(one.notAfter),
        `${one.certificateId.slice(0, 16)}…`,
      ]);
      const head = ['Name', 'Kind', 'Key', 'Status', 'Valid until', 'Certificate ID'];
      env.stdout.write(`${table(head, rows, style)}\n`);
    }
    return EXIT.met;
  },
});

const show = defineCommand({
  command: 'show <name>',
  describe: 'Show what a certificate says',
  examples: [
    ['$0 certs show pumps-1', 'by name'],
    ['$0 certs show 9f86d081', 'by the start of the certificate ID'],
  ],
  options: (parser) =>
    storeOptions(jsonOption(parser))
      .positional('name', {
        type: 'string',
        demandOption: true,
        describe: 'Name or certificate ID',
      })
      .option('pem', { type: 'boolean', default: false, describe: 'Print the certificate as PEM' }),
  async run(args, env) {
    const shown = await showCertificate(storeFrom(args, env), args.name);
    if (args.pem) env.stdout.write(shown.certificatePem);
    else if (args.json) env.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
    else env.stdout.write(describeCertificate(shown));
    return EXIT.met;
  },
});

const verify = defineCommand({
  command: 'verify',
  describe: 'Verify every certificate: authority, key, validity, modes of key files',
  examples: [['$0 certs verify', 'exit code 1 when something is wrong']],
  options: (parser) => storeOptions(jsonOption(parser)),
  async run(args, env) {
    const { checked, problems } = await verifyStore(storeFrom(args, env));
    if (args.json) env.stdout.write(`${JSON.stringify({ checked, problems }, null, 2)}\n`);
    else {
      for (const problem of problems) env.stdout.write(`✖ ${formatProblem(problem)}\n`);
      env.stdout.write(`${checked} checked, ${problems.length} problems\n`);
    }
    return problems.length === 0 ? EXIT.met : EXIT.unmet;
  },
});

/** `certs` with its subcommands. */
export const certsCommand: Command = {
  register: (parser, env, done) =>
    parser.command('certs', 'Issue, import, list, show and verify certificates', (inner) => {
      const commands = [issue, server, importCommand, list, show, verify];
      for (const command of commands) command.register(inner, env, done);
      return inner.demandCommand(1, 'Say what to do: issue, server, import, list, show or verify.');
    }),
};

const LIFETIME_MS_MIN = 3_600_000;

/** The store mints anew what has less than an hour ahead of it: less is no lifetime. */
function lifetimeFrom(text: string): number {
  const ms = durationFrom('--lifetime', text);
  if (ms > LIFETIME_MS_MIN) return ms;
  throw new UserError(EXIT.usage, {
    message: '--lifetime is too short',
    hint: 'give more than an hour, such as 30d',
  });
}

function storeFrom(args: { certs: string; authority: string }, env: CliEnvironment): Store {
  return openStore(args.certs, {
    now: Date.now,
    authority: args.authority,
    onWarning: (problem) => env.stderr.write(`warning: ${formatProblem(problem)}\n`),
  });
}

function describeCertificate({ certificatePem: _pem, ...shown }: ShownCertificate): string {
  const lines = Object.entries(shown).map(([name, value]) => {
    const text =
      name === 'notBefore' || name === 'notAfter' ? isoTime(Number(value)) : plain(value);
    return `${name.padEnd(24)} ${text}\n`;
  });
  return lines.join('');
}

function plain(value: unknown): string {
  return printable(typeof value === 'object' ? JSON.stringify(value) : String(value), 1000);
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function day(ms: number): string {
  return isoTime(ms).slice(0, 10);
}
