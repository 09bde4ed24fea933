/**
 * `connect`: a client opens a connection and is let in or not. Judged at CONNACK; what it saw of
 * the connection is recorded as its device's evidence.
 */
import type { ObservedEvent } from '../../history/event.ts';
import { closeReason, describeObserved, isAccepted } from '../observe.ts';
import type { Observed } from '../result.ts';
import type { Step } from '../step-schema.ts';
import { WireClient } from '../wire-client.ts';
import type { WireConnack } from '../wire-options.ts';
import type { Actor, World } from '../world.ts';
import { CONNECT_MS, type Seen, seen } from './verb.ts';

interface Attempt {
  readonly stage?: 'tcp' | 'tls';
  readonly ticket?: Buffer;
  readonly connectTimeoutMs?: number;
}

/** Connects a client, replaces its earlier connection and records both ends of it. */
export async function openConnection(
  actor: Actor,
  world: World,
  attempt: Attempt = {},
): Promise<WireClient> {
  const { ports } = world;
  const { settings, clientId, credential } = actor;
  const { stage, ticket, connectTimeoutMs = CONNECT_MS } = attempt;
  const { username, password, tls, cleanStart, sessionExpiry, keepAlive } = settings;
  const wire = await WireClient.connect({
    endpoint: ports.broker.endpoint,
    clientId,
    protocolVersion: ports.protocolVersion,
    cleanStart,
    sessionExpirySeconds: sessionExpiry / 1000,
    keepAliveSeconds: keepAlive,
    connectTimeoutMs,
    signal: ports.signal,
    ...(credential === undefined ? {} : { credential }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
    ...(ticket === undefined ? {} : { ticket }),
    ...(stage === undefined ? {} : { stage }),
  });
  actor.wire = wire;
  actor.wires.push(wire);
  actor.ports.add(wire.port);
  if (stage === undefined) recordConnection(actor, wire, world);
  if (actor.lendsTicket && isAccepted(wire.observed)) {
    const given = await wire.ticket();
    if (given !== undefined) actor.ticket = given;
  }
  return wire;
}

export async function connect(step: Step, world: World): Promise<Seen> {
  const actor = world.actor(step.connect ?? '');
  const { expect = 'accepted', resume, before } = step;
  const wanted: WantedAnswer = typeof expect === 'object' ? expect : { answer: expect };
  const lender = resume === undefined ? undefined : world.actor(resume);
  const wire = await openConnection(actor, world, {
    ...(before === undefined ? {} : { stage: before === 'tls' ? 'tcp' : 'tls' }),
    ...(lender?.ticket === undefined ? {} : { ticket: lender.ticket }),
    ...(step.within === undefined ? {} : { connectTimeoutMs: step.within }),
  });
  actor.mayBeAbsent = wanted.answer !== 'accepted';
  const { observed, connack } = wire;
  const words = `${describeObserved(observed)}${ticketWords(lender, wire)}`;
  if (wanted.answer === 'any') return seen(true, words);
  const accepted = isAccepted(observed);
  const refusal = !accepted && wanted.answer === 'refused';
  // That no connection could be opened, or that no answer came, is no refusal of the broker's.
  if (observed.kind === 'error' || (refusal && observed.kind === 'timeout')) {
    return seen(undefined, words);
  }
  if (accepted !== (wanted.answer === 'accepted')) return seen(false, words);
  const wrong = accepted && connack ? wrongAnswer(wanted, connack) : undefined;
  return wrong === undefined ? seen(true, words) : seen(false, `${words}, but ${wrong}`);
}

interface WantedAnswer {
  readonly answer: string;
  readonly sessionPresent?: boolean | undefined;
  readonly serverKeepAlive?: boolean | undefined;
  readonly assignedClientId?: boolean | undefined;
}

/** What CONNACK says otherwise than it should. */
function wrongAnswer(wanted: WantedAnswer, connack: WireConnack): string | undefined {
  const { sessionPresent, serverKeepAlive, assignedClientId } = wanted;
  if (sessionPresent !== undefined && sessionPresent !== connack.sessionPresent) {
    return sessionPresent ? 'without a kept session' : 'with a session that was kept';
  }
  if (serverKeepAlive !== undefined) {
    const seconds = connack.serverKeepAliveSeconds;
    if (serverKeepAlive !== (seconds !== undefined)) {
      return serverKeepAlive
        ? 'its keep-alive was not limited'
        : `with a keep-alive of ${seconds} s`;
    }
  }
  if (assignedClientId !== undefined) {
    const assigned = connack.assignedClientId !== undefined;
    if (assignedClientId !== assigned) {
      return assigned ? 'under another client ID' : 'without a client ID from the broker';
    }
  }
  return undefined;
}

function ticketWords(lender: Actor | undefined, wire: WireClient): string {
  if (lender === undefined) return '';
  if (lender.ticket === undefined) return ` (${lender.name} was given no TLS session ticket)`;
  return wire.resumed
    ? ` (the TLS session of ${lender.name} was resumed)`
    : ' (no TLS session was resumed)';
}

function recordConnection(actor: Actor, wire: WireClient, world: World): void {
  const { ports } = world;
  const { credential, settings, clientId } = actor;
  const sessionId = world.nextSession();
  const common: Omit<ObservedEvent, 'kind' | 'at'> = {
    vantage: 'device',
    sessionId,
    clientId: wire.connack?.assignedClientId ?? clientId,
    ...(credential === undefined
      ? {}
      : {
          certificateId: credential.certificateId,
          principal: { kind: 'certificate-id', value: credential.certificateId },
        }),
    protocolVersion: ports.protocolVersion,
    keepAliveSeconds: settings.keepAlive,
    cleanStart: settings.cleanStart,
  };
  const address = wire.port === 0 ? {} : { ip: wire.ip, port: wire.port };
  if (!isAccepted(wire.observed)) {
    ports.record({
      kind: 'connect-failed',
      at: wire.answeredAt,
      ...common,
      ...address,
      ...told(wire.observed),
    });
    return;
  }
  ports.record({ kind: 'connected', at: wire.answeredAt, ...common, ...address });
  wire.ended.then((end) => {
    ports.record({ kind: 'closed', at: wire.endedAt ?? ports.now(), ...common, ...told(end) });
  });
}

function told(observed: Observed): Pick<ObservedEvent, 'reason' | 'raw'> {
  return { reason: closeReason(observed), raw: describeObserved(observed) };
}
