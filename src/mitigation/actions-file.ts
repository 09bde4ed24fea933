/**
 * Loads a file of mitigation actions. Every problem is told at once, with its line: of the form by
 * its schema, of the meaning (names, AWS's allowed actions per check) here.
 */
import { readFile } from 'node:fs/promises';
import { CHECKS } from '../audit/registry.ts';
import { EXIT, fileError, inOrder, type Problem, UserError } from '../core/errors.ts';
import { type CheckId, CONNECTION_CHECK_IDS, OWN_CHECK_IDS } from '../core/ids.ts';
import { SCENARIO_BYTES_MAX } from '../core/limits.ts';
import { nearest, printable } from '../core/text.ts';
import { type ParsedDocument, parseYaml } from '../core/yaml-document.ts';
import { zodProblems } from '../scenario/zod-problems.ts';
import { ALLOWED_ACTIONS, actionType, type MitigationAction } from './action.ts';
import {
  ACTIONS_PER_CHECK_MAX,
  type MitigationFile,
  mitigationFileSchema,
  mitigationJsonSchema,
} from './actions-schema.ts';

/** Which actions a finding of a check leads to; the first rule that fits its reason code counts. */
export interface CheckMapping {
  readonly check: CheckId;
  readonly rules: readonly MappingRule[];
}

export interface MappingRule {
  /** Absent: any reason. */
  readonly reasonCodes?: readonly string[] | undefined;
  /** Names of actions in the order in which they are run. */
  readonly actions: readonly string[];
}

/** AWS's `AuditMitigationActionsTaskTarget` without `auditTaskId`, which is the audit at hand. */
export type MitigationTarget = NonNullable<MitigationFile['target']>;

export interface LoadedMitigation {
  readonly file: string;
  readonly actions: readonly MitigationAction[];
  readonly mappings: readonly CheckMapping[];
  readonly target?: MitigationTarget;
  readonly signing?: NonNullable<MitigationFile['signing']>;
  readonly snsEndpoint?: string;
}

export interface LoadMitigationOptions {
  /** Lets every action be mapped to every check, which AWS does not; false by default. */
  readonly beyondAws?: boolean;
}

/** Reads the file. Throws a `UserError` (65) with every problem of it. */
export async function loadMitigation(
  file: string,
  options: LoadMitigationOptions = {},
): Promise<LoadedMitigation> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw fileError(error, 'read', printable(file));
  }
  return parseMitigation(text, file, options);
}

/** The same for text that has been read. */
export function parseMitigation(
  text: string,
  file: string,
  { beyondAws = false }: LoadMitigationOptions = {},
): LoadedMitigation {
  if (text.length > SCENARIO_BYTES_MAX) {
    const message = 'the file is larger than any list of actions';
    throw new UserError(EXIT.invalidInput, { file, message, hint: 'name another file' });
  }
  const document = parseYaml(text, file);
  if (document.problems.length > 0) throw new UserError(EXIT.invalidInput, document.problems);
  const parsed = mitigationFileSchema.safeParse(document.value, { reportInput: true });
  if (!parsed.success) {
    const kind = {
      noun: 'a file of mitigation actions',
      begin: 'begin with actions and auditCheckToActionsMapping; docs/mitigation.md has an example',
      schema: mitigationJsonSchema(),
    };
    const problems = zodProblems(parsed.error, document, file, kind);
    throw new UserError(EXIT.invalidInput, inOrder(problems));
  }
  const problems = meaningProblems(parsed.data, document, { file, beyondAws });
  if (problems.length > 0) throw new UserError(EXIT.invalidInput, inOrder(problems));
  return loaded(parsed.data, file);
}

function loaded(data: MitigationFile, file: string): LoadedMitigation {
  const { target, signing, sns } = data;
  return {
    file,
    actions: data.actions,
    mappings: checksOf(data).map(([check, mapped]) => ({ check, rules: rulesOf(mapped) })),
    ...(target === undefined ? {} : { target }),
    ...(signing === undefined ? {} : { signing }),
    ...(sns === undefined ? {} : { snsEndpoint: sns.endpoint }),
  };
}

type Mapped = NonNullable<MitigationFile['auditCheckToActionsMapping'][CheckId]>;

function checksOf({ auditCheckToActionsMapping: mapping }: MitigationFile) {
  return (Object.keys(CHECKS) as CheckId[]).flatMap((check) => {
    const mapped = mapping[check];
    return mapped === undefined ? [] : [[check, mapped] as const];
  });
}

function rulesOf(mapped: Mapped): readonly MappingRule[] {
  const names = mapped.flatMap((one) => (typeof one === 'string' ? [one] : []));
  if (names.length > 0) return [{ actions: names }];
  return mapped.flatMap((one) => (typeof one === 'string' ? [] : [one]));
}

interface Context {
  readonly file: string;
  readonly beyondAws: boolean;
}

function meaningProblems(data: MitigationFile, document: ParsedDocument, context: Context) {
  const problems: Problem[] = [];
  const add = (path: readonly PropertyKey[], message: string, hint: string): void => {
    const { file } = context;
    problems.push({ file, ...document.locate(path), path: path.join('.'), message, hint });
  };
  const byName = new Map<string, MitigationAction>();
  data.actions.forEach((action, index) => {
    if (byName.has(action.actionName)) {
      const message = `there are two actions "${action.actionName}"`;
      add(['actions', index, 'actionName'], message, 'give one of them another name');
    }
    byName.set(action.actionName, action);
  });
  for (const [check, mapped] of checksOf(data)) {
    const base = ['auditCheckToActionsMapping', check];
    rulesOf(mapped).forEach(({ actions, reasonCodes = [] }, index) => {
      const simple = mapped.some((one) => typeof one === 'string');
      const at = simple ? base : [...base, index, 'actions'];
      if (actions.length > ACTIONS_PER_CHECK_MAX) {
        const message = `${actions.length} actions follow one finding, AWS has at most ${ACTIONS_PER_CHECK_MAX}`;
        add(at, message, 'leave some out');
      }
      actions.forEach((name, place) => {
        const [message, hint] = wrongName(name, check, actions.indexOf(name) < place) ?? [];
        if (message !== undefined) add([...at, place], message, hint ?? '');
      });
      reasonCodes.forEach((code, place) => {
        const [message, hint] = wrongReason(check, code) ?? [];
        if (message !== undefined) add([...base, index, 'reasonCodes', place], message, hint ?? '');
      });
    });
  }
  return problems;

  function wrongName(name: string, check: CheckId, again: boolean) {
    if (again) return [`"${name}" stands here twice`, 'keep the first'];
    const action = byName.get(name);
    if (action === undefined) {
      const near = nearest(name, [...byName.keys()]);
      const hint = near ? `did you mean ${near}?` : `define it under actions`;
      return [`there is no action "${name}"`, hint];
    }
    const type = actionType(action);
    if (context.beyondAws || ALLOWED_ACTIONS[check].includes(type)) return undefined;
    const allowed = ALLOWED_ACTIONS[check].filter((one) => !one.startsWith('DOPPELFLEET'));
    return [
      `AWS does not allow ${type} for ${check}`,
      `it allows ${allowed.join(', ')}; --beyond-aws lifts that`,
    ];
  }
}

/** Of checks that have one reason only: another would never match. */
function wrongReason(check: CheckId, code: string) {
  const single = [...CONNECTION_CHECK_IDS, ...OWN_CHECK_IDS].some((id) => id === check);
  const { reasonCode } = CHECKS[check];
  if (!single || code === reasonCode) return undefined;
  return [
    `${check} never gives the reason "${printable(code, 80)}"`,
    `its reason is ${reasonCode}`,
  ];
}
