/** `doppelfleet probe`: measure what a broker can do and show, beside what its profile says. */
import {
  EXIT,
  type ExitCode,
  loadAllowedTargets,
  loadConfiguration,
  type ProbeBrokerTarget,
  type ProbeObserver,
  type ProbeResult,
  type Problem,
  probeBroker,
  readCredentialFiles,
  renderProbe,
  renderProbeJson,
  type Style,
  UserError,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { allowListFile, type OutputStream, styleFor } from '../environment.ts';
import {
  type ExternalArguments,
  externalFrom,
  externalOptions,
  isBrokerUrl,
  refuseExternalOptions,
} from '../external-options.ts';
import { jsonOption, localBroker } from '../options.ts';

const EXIT_CODES: Readonly<Record<ProbeResult['outcome'], ExitCode>> = {
  agrees: EXIT.met,
  differs: EXIT.unmet,
  'not-measured': EXIT.inconclusive,
};

export const probeCommand = defineCommand({
  command: 'probe <broker>',
  describe: 'Measure what a broker can do and show, beside what its profile says',
  examples: [
    ['$0 probe mosquitto', 'the installed Mosquitto, with a line for each capability'],
    ['$0 probe mosquitto --configuration ./mine.conf', 'what your own configuration makes of it'],
    ['$0 probe embedded --mqtt-version 3.1.1 --json', 'in one MQTT version, for machines'],
    [
      '$0 probe mqtts://staging.example --profile emqx --ca ca.pem --cert a.pem --key a.key --cert b.pem --key b.key',
      'a broker elsewhere, with two identities that it knows; it must be on the allow-list',
    ],
  ],
  options: (parser) =>
    externalOptions(jsonOption(parser))
      .positional('broker', {
        type: 'string',
        demandOption: true,
        describe: 'A broker that can be started here, or mqtts://host:port',
      })
      .option('configuration', {
        type: 'string',
        describe: 'File to start the broker with, instead of its own configuration',
      })
      .option('cert', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'PEM of an identity on an external broker; give two',
      })
      .option('key', { type: 'string', array: true, nargs: 1, describe: 'Its key; give two' })
      .option('mqtt-version', {
        type: 'string',
        choices: ['3.1.1', '5'] as const,
        describe: 'For all that is not about another version; the highest by default',
      })
      .option('quiet', { type: 'boolean', default: false, describe: 'No progress, only errors' }),
  async run(args, env): Promise<ExitCode> {
    const style = styleFor(env.stderr, env.env);
    const interrupt = new AbortController();
    const end = env.onInterrupt(() => interrupt.abort());
    try {
      const file = allowListFile(env.env);
      const result = await probeBroker(await targetFrom(args), {
        allowedTargets: await loadAllowedTargets(file),
        allowListFile: file,
        signal: interrupt.signal,
        observer: args.quiet ? {} : observer(env.stderr, style),
        ...(args.mqttVersion === undefined
          ? {}
          : { mqttVersion: args.mqttVersion === '5' ? 5 : 4 }),
      });
      if (interrupt.signal.aborted) return EXIT.interrupted;
      const shown = styleFor(env.stdout, env.env);
      env.stdout.write(args.json ? renderProbeJson(result) : renderProbe(result, shown));
      return EXIT_CODES[result.outcome];
    } finally {
      end();
    }
  },
});

interface TargetArguments extends ExternalArguments {
  readonly broker: string;
  readonly configuration?: string | undefined;
  readonly cert?: readonly string[] | undefined;
  readonly key?: readonly string[] | undefined;
}

async function targetFrom(args: TargetArguments): Promise<ProbeBrokerTarget> {
  const { broker, configuration, cert = [], key = [] } = args;
  if (isBrokerUrl(broker)) {
    const problems: Problem[] = [];
    if (configuration !== undefined) {
      problems.push({
        message: 'an external broker is not configured from here',
        hint: 'leave --configuration out, or name a broker that can be started here',
      });
    }
    const [certificates, keys] = [pairOf(cert), pairOf(key)];
    if (certificates === undefined || keys === undefined) {
      problems.push({
        message: 'an external broker needs two identities that it knows',
        hint: 'give --cert and --key twice, in the same order',
      });
    }
    if (problems.length > 0 || certificates === undefined || keys === undefined) {
      throw new UserError(EXIT.usage, problems);
    }
    const parties = await Promise.all([
      partyFrom(certificates[0], keys[0]),
      partyFrom(certificates[1], keys[1]),
    ]);
    return { ...(await externalFrom(broker, args)), parties };
  }
  const adapter = localBroker(broker);
  refuseExternalOptions(args);
  if (cert.length + key.length > 0) {
    throw new UserError(EXIT.usage, {
      message: '--cert and --key belong to an external broker',
      hint: 'a broker that is started here gets certificates of its own',
    });
  }
  if (configuration === undefined) return { kind: 'local', adapter };
  const loaded = await loadConfiguration(configuration, { broker: adapter.id });
  return { kind: 'local', adapter, configuration: loaded };
}

function pairOf(values: readonly string[]): readonly [string, string] | undefined {
  const [first, second] = values;
  if (first === undefined || second === undefined || values.length > 2) return undefined;
  return [first, second];
}

async function partyFrom(certificate: string, key: string) {
  const credential = await readCredentialFiles({ certificate, key });
  if (credential.commonName !== undefined) return { clientId: credential.commonName, credential };
  throw new UserError(EXIT.invalidInput, {
    file: certificate,
    message: 'the certificate has no common name, which the probes take as its client ID',
    hint: 'give one that has',
  });
}

function observer(stream: OutputStream, style: Style): ProbeObserver {
  const live = stream.isTTY === true;
  return {
    started: ({ version, endpoint }) => stream.write(`  broker  ${version} at ${endpoint}\n`),
    probing: ({ title, done, total }) => {
      const line = `  ${String(done).padStart(2)} of ${total}  ${title}`;
      if (!live) stream.write(`${line}\n`);
      else stream.write(`\r\u001b[2K${done === total ? '' : style.dim(line)}`);
    },
  };
}
