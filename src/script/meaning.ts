/**
 * What a script means beyond its form: clients that are named exist, and something is judged. Pure;
 * problems come with the path of what is wrong.
 */
import { nearest, printable } from '../core/text.ts';
import { clientsInRisk } from './describe.ts';
import type { Script } from './schema.ts';
import { type Step, verbOf } from './step-schema.ts';

type Path = readonly (string | number)[];

export interface MeaningProblem {
  readonly path: Path;
  readonly message: string;
  readonly hint: string;
}

export function scriptProblems(script: Script): readonly MeaningProblem[] {
  const names = Object.keys(script.clients);
  const unknown = (name: string, path: Path): readonly MeaningProblem[] =>
    names.includes(name)
      ? []
      : [
          {
            path,
            message: `no client is named ${name}`,
            hint: didYouMean(name, names),
          },
        ];
  return [
    ...Object.entries(script.clients).flatMap(([name, client]) =>
      (['certificate', 'clientId'] as const).flatMap((key) => {
        const value = client[key];
        if (typeof value !== 'object' || !('sameAs' in value)) return [];
        const path = ['clients', name, key, 'sameAs'];
        return [...unknown(value.sameAs, path), ...chain(script, name, key, value.sameAs, path)];
      }),
    ),
    ...script.steps.flatMap((step, index) =>
      clientsOf(step).flatMap(([name, path]) => unknown(name, ['steps', index, ...path])),
    ),
    ...unpublished(script),
    ...uncontrolled(script),
    ...judged(script),
  ];
}

/** Clients that a step names, with the place of each. */
function clientsOf(step: Step, base: Path = []): readonly (readonly [string, Path])[] {
  const verb = verbOf(step);
  const path = [...base, verb];
  const also: (readonly [string, Path])[] = [
    ...(step.resume === undefined ? [] : [[step.resume, [...base, 'resume']] as const]),
    ...clientsInRisk(step.risk ?? '').map((name) => [name, [...base, 'risk']] as const),
  ];
  if (verb === 'repeat') {
    return (step.repeat?.steps ?? []).flatMap((one, index) =>
      clientsOf(one, [...path, 'steps', index]),
    );
  }
  return [...also, ...actorsOf(step, path)];
}

function actorsOf(step: Step, path: Path): readonly (readonly [string, Path])[] {
  const { connect, disconnect, drop, duel, broker, evidence } = step;
  const single = connect ?? disconnect ?? drop;
  if (single !== undefined) return [[single, path]];
  if (duel) return duel.clients.map((name, index) => [name, [...path, 'clients', index]]);
  if (broker) {
    return (['revoke', 'remove'] as const).flatMap((key) =>
      (broker[key] ?? []).map((name, index) => [name, [...path, key, index]] as const),
    );
  }
  if (evidence) return [[evidence.of, [...path, 'of']]];
  const { client } = step.subscribe ?? step.publish ?? step.receive ?? step.session ?? {};
  return client === undefined ? [] : [[client, [...path, 'client']]];
}

/** What is the same as another's must be that other's own. */
function chain(
  script: Script,
  name: string,
  key: 'certificate' | 'clientId',
  other: string,
  path: Path,
): readonly MeaningProblem[] {
  const theirs = script.clients[other]?.[key];
  const borrowed = typeof theirs === 'object' && 'sameAs' in theirs;
  if (other !== name && !borrowed) return [];
  const what = key === 'clientId' ? 'client ID' : 'certificate';
  return [
    {
      path,
      message: `${other} has no ${what} of its own to share`,
      hint: 'name the client that has it',
    },
  ];
}

/** A payload that nobody sends never comes: a slip of the hand would be met every time. */
function unpublished({ steps }: Script): readonly MeaningProblem[] {
  const sent = new Set<string>();
  const look = (list: readonly Step[], base: Path): readonly MeaningProblem[] =>
    list.flatMap((step, index) => {
      const path = [...base, index];
      if (step.publish) sent.add(step.publish.payload);
      if (step.repeat) return look(step.repeat.steps, [...path, 'repeat', 'steps']);
      const { payload } = step.receive ?? {};
      if (payload === undefined || sent.has(payload)) return [];
      const near = nearest(payload, [...sent]);
      return [
        {
          path: [...path, 'receive', 'payload'],
          message: `no step before this one publishes "${printable(payload, 60)}"`,
          hint:
            near === undefined
              ? 'publish it first, or nobody can tell whether it would have come'
              : `did you mean ${printable(near, 60)}?`,
        },
      ];
    });
  return look(steps, ['steps']);
}

/** What is refused to everybody, or never delivered, shows nothing of who may do what. */
function uncontrolled({ steps }: Script): readonly MeaningProblem[] {
  const placed = steps.flatMap((step, index): readonly (readonly [Step, Path])[] => [
    [step, ['steps', index]],
    ...(step.repeat?.steps ?? []).map(
      (inner, at) => [inner, ['steps', index, 'repeat', 'steps', at]] as const,
    ),
  ]);
  const has = (holds: (one: Step) => boolean, { when }: Step): boolean =>
    placed.some(([one]) => holds(one) && (one.when === undefined || one.when.mqtt === when?.mqtt));
  return placed.flatMap(([step, path]) => {
    if (step.risk === undefined) return [];
    if (step.connect !== undefined && answerOf(step) === 'refused' && !has(isLetIn, step)) {
      const hint = 'add a client that must be let in, or a broker that refuses everybody passes';
      return [{ path, message: 'no step shows that anybody is let in', hint }];
    }
    if (step.receive !== undefined && step.expect === 'nothing' && !has(isDelivered, step)) {
      const hint = 'add a receive of what must come, or a broker that delivers nothing passes';
      return [{ path, message: 'no step shows that anything is delivered', hint }];
    }
    return [];
  });
}

function answerOf({ expect = 'accepted' }: Step): string {
  return typeof expect === 'object' ? expect.answer : expect;
}

function isLetIn(step: Step): boolean {
  return step.connect !== undefined && step.before === undefined && answerOf(step) === 'accepted';
}

function isDelivered({ receive, expect }: Step): boolean {
  return receive !== undefined && expect !== 'nothing';
}

function judged({ steps }: Script): readonly MeaningProblem[] {
  const all = steps.flatMap((step) => [step, ...(step.repeat?.steps ?? [])]);
  if (all.some((step) => step.risk !== undefined)) return [];
  return [
    {
      path: ['steps'],
      message: 'no step has a risk, so that nothing is judged',
      hint: 'write beside the step that matters what it means if it is not so',
    },
  ];
}

function didYouMean(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === undefined ? `the clients are ${names.join(', ')}` : `did you mean ${near}?`;
}
