/** Options of a broker that someone else runs: its profile, and who subscribes to its records. */
import type { Argv } from 'yargs';
import {
  type BrokerProfile,
  EXIT,
  evidenceSubscriber,
  externalBroker,
  findProfile,
  nearest,
  PROFILES,
  type Problem,
  parseBrokerUrl,
  readCredentialFiles,
  readTrustFile,
  UserError,
} from '../index.ts';

export function externalOptions<T>(parser: Argv<T>) {
  return parser
    .option('ca', { type: 'string', describe: 'PEM of the authority of an external broker' })
    .option('server-name', {
      type: 'string',
      describe: "Name that an external broker's certificate carries, if not the host",
    })
    .option('profile', {
      type: 'string',
      describe: `What an external broker is: ${Object.keys(PROFILES).join(', ')}`,
    })
    .option('evidence-certificate', {
      type: 'string',
      describe: "PEM that subscribes to an external broker's records, as its profile says",
    })
    .option('evidence-key', { type: 'string', describe: 'Key of that certificate' })
    .option('evidence-topic', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: "Where the records are published, instead of the profile's topics; repeatable",
    });
}

export interface ExternalArguments {
  readonly ca?: string | undefined;
  readonly serverName?: string | undefined;
  readonly profile?: string | undefined;
  readonly evidenceCertificate?: string | undefined;
  readonly evidenceKey?: string | undefined;
  readonly evidenceTopic?: readonly string[] | undefined;
}

/** Whether the name of a broker is a URL. */
export function isBrokerUrl(name: string): boolean {
  return /^[a-z]+:\/\//i.test(name);
}

/** The broker at a URL. Throws a `UserError` with everything that is wrong with its options. */
export async function externalFrom(url: string, args: ExternalArguments) {
  const problems: Problem[] = [];
  if (args.ca === undefined) {
    problems.push({
      message: 'an external broker needs --ca',
      hint: "name the PEM file of the authority that signed the broker's certificate",
    });
  }
  const profile = profileFrom(args, problems);
  const evidence = evidenceProblems(args, profile, problems);
  if (problems.length > 0 || args.ca === undefined) throw new UserError(EXIT.usage, problems);
  const feed =
    evidence === undefined
      ? undefined
      : evidenceSubscriber({
          profile: evidence.profile,
          credential: await readCredentialFiles(evidence),
          ...(args.evidenceTopic === undefined ? {} : { topics: args.evidenceTopic }),
        });
  const adapter = externalBroker({
    url,
    caPem: await readTrustFile(args.ca),
    ...(args.serverName ? { serverName: args.serverName } : {}),
    ...(profile === undefined ? {} : { profile }),
    ...(feed === undefined ? {} : { evidence: feed }),
  });
  const about = { kind: 'external', adapter, ...parseBrokerUrl(url) } as const;
  return profile === undefined ? about : { ...about, profile };
}

/** Options that make no sense with a broker that is started here. */
export function refuseExternalOptions(args: ExternalArguments): void {
  const given = Object.entries({
    '--ca': args.ca,
    '--server-name': args.serverName,
    '--profile': args.profile,
    '--evidence-certificate': args.evidenceCertificate,
    '--evidence-key': args.evidenceKey,
    '--evidence-topic': args.evidenceTopic,
  }).flatMap(([option, value]) => (value === undefined ? [] : [option]));
  if (given.length === 0) return;
  const [belong, them] = given.length === 1 ? ['belongs', 'it'] : ['belong', 'them'];
  throw new UserError(EXIT.usage, {
    message: `${given.join(' and ')} ${belong} to an external broker`,
    hint: `leave ${them} out, or name the broker as mqtts://host:port`,
  });
}

function profileFrom({ profile: id }: ExternalArguments, problems: Problem[]) {
  if (id === undefined) return undefined;
  const profile = findProfile(id);
  if (profile !== undefined) return profile;
  const near = nearest(id, Object.keys(PROFILES));
  const all = `use one of ${Object.keys(PROFILES).join(', ')}`;
  problems.push({
    message: 'unknown profile',
    hint: near === undefined ? all : `did you mean ${near}?`,
  });
  return undefined;
}

function evidenceProblems(
  {
    evidenceCertificate: certificate,
    evidenceKey: key,
    evidenceTopic,
    profile: id,
  }: ExternalArguments,
  profile: BrokerProfile | undefined,
  problems: Problem[],
) {
  if (certificate === undefined && key === undefined && evidenceTopic === undefined)
    return undefined;
  if (certificate === undefined || key === undefined) {
    problems.push({
      message: 'the evidence subscriber needs --evidence-certificate and --evidence-key',
      hint: 'give it an identity of its own, which no device has',
    });
  }
  if (id === undefined) {
    problems.push({
      message: 'the evidence subscriber needs --profile',
      hint: 'the profile says how the records are written',
    });
  }
  if (certificate === undefined || key === undefined || profile === undefined) return undefined;
  return { certificate, key, profile };
}
