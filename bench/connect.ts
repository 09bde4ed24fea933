/**
 * Client CPU of a mutual-TLS MQTT connection, from TCP to CONNACK, the server's chain and name
 * verified, every device with its own certificate. OpenSSL's bare client sets the scale: it does
 * no MQTT, uses one certificate, and makes its context once.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Bench, BenchContext } from './bench.ts';
import { runProgram, startHelper } from './child.ts';
import type { FleetQuestion, FleetRound } from './fleet-helper.ts';
import { cpuMs } from './process-cost.ts';
import { type Seat, takeSeat } from './seat.ts';
import { spread } from './spread.ts';

const WARM_UP = 400;
const PER_ROUND = 600;
const ROUNDS = 5;
/** OpenSSL counts whole seconds and may go on for one more. */
const S_TIME_SECONDS = 2;
/** Times what OpenSSL's client takes; and connections a second on two cores, the broker on one. */
const BAR = { timesReference: 1.5, perSecond: 900 };

interface ServedRound extends FleetRound {
  readonly brokerCpuMs: number;
}

export const connectBench = {
  title: 'client CPU per mutual-TLS connection, against openssl s_time -new',
  async run(context) {
    const { folder, signal, tell } = context;
    const seat = await takeSeat(folder, WARM_UP + ROUNDS * PER_ROUND);
    const helper = startHelper(new URL('./fleet-helper.ts', import.meta.url), signal);
    const connect = async (from: number, count: number): Promise<ServedRound> => {
      const credentials = seat.credentials.slice(from, from + count);
      const question: FleetQuestion = { connect: credentials, endpoint: seat.endpoint };
      const before = cpuMs(seat.pid);
      const round = await helper.ask<FleetRound>(question);
      const brokerCpuMs = cpuMs(seat.pid) - before;
      await helper.ask('release' satisfies FleetQuestion);
      return { ...round, brokerCpuMs };
    };
    try {
      writeCredentials(folder, seat);
      await connect(0, WARM_UP);
      const ours: ServedRound[] = [];
      const bare: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        ours.push(await connect(WARM_UP + round * PER_ROUND, PER_ROUND));
        bare.push(await sTime(context, seat));
        tell(`round ${round + 1} of ${ROUNDS}`);
      }
      const { output } = await runProgram('openssl', ['version'], { signal });
      const reference = spread(bare);
      return {
        ...spread(ours.map(({ cpuMs }) => cpuMs / PER_ROUND)),
        bar: { atMost: BAR.timesReference * reference.value },
        unit: 'ms of client CPU per connection, TLS 1.3, P-256',
        reference: {
          what: `openssl s_time -new -tls1_3 with a client certificate (${output.trim()}), same unit`,
          ...reference,
        },
        details: {
          broker: seat.broker,
          connectionsPerRound: PER_ROUND,
          connectionsPerWallSecond: {
            ...spread(ours.map(({ wallMs }) => (1000 * PER_ROUND) / wallMs)),
            bar: { atLeast: BAR.perSecond },
          },
          coresInUse: {
            ours: spread(ours.map((one) => one.cpuMs / one.wallMs)),
            broker: spread(ours.map((one) => one.brokerCpuMs / one.wallMs)),
          },
          brokerCpuMsPerConnection: spread(ours.map((one) => one.brokerCpuMs / PER_ROUND)),
        },
      };
    } finally {
      await helper.end();
      await seat.stop();
    }
  },
} satisfies Bench;

function writeCredentials(folder: string, { credentials, endpoint }: Seat): void {
  const [credential] = credentials;
  writeFileSync(path.join(folder, 'client.pem'), credential?.certificatePem ?? '');
  writeFileSync(path.join(folder, 'client.key'), credential?.privateKeyPem ?? '', { mode: 0o600 });
  writeFileSync(path.join(folder, 'trust.pem'), endpoint.caPem);
}

/** User and system CPU of OpenSSL's client in ms per connection; the shell's `times` reads it. */
async function sTime({ folder, signal }: BenchContext, { endpoint }: Seat): Promise<number> {
  const command = [
    ...['openssl', 's_time', '-connect', `${endpoint.host}:${endpoint.port}`, '-new', '-tls1_3'],
    ...['-cert', 'client.pem', '-key', 'client.key', '-CAfile', 'trust.pem'],
    ...['-no-CApath', '-no-CAstore', '-verify', '2', '-time', String(S_TIME_SECONDS)],
  ];
  const { output } = await runProgram('sh', ['-c', '"$@" && times', 'sh', ...command], {
    cwd: folder,
    signal,
    env: { ...process.env, LC_ALL: 'C' },
  });
  const connections = Number(/(\d+) connections in .*s;/.exec(output)?.[1]);
  const times = [...output.matchAll(/(\d+)m([\d.]+)s/g)].slice(-2);
  const cpuMs = times.reduce((sum, [, m, s]) => sum + 60_000 * Number(m) + 1000 * Number(s), 0);
  if (!(connections > 0 && cpuMs > 0))
    throw new Error(`openssl s_time said: ${output.slice(-300)}`);
  return cpuMs / connections;
}
