/**
 * What may stand at a place of a scenario file, in words: read from the JSON Schema, so that hints
 * can't fall behind the schema. Pure.
 */
import { printable } from '../core/text.ts';
import { scenarioJsonSchema } from './schema.ts';

type Path = readonly PropertyKey[];

/** The part of JSON Schema that zod writes for scenarios. */
export interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: SchemaNode | false;
  readonly items?: SchemaNode;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface SchemaHints {
  /** Keys of the map at `path`, in any of the forms that it may take. */
  keysAt(path: Path): readonly string[];
  /** `write steady, { kind: flapping, period } or …`; the one form that `given` names, if any. */
  formsAt(path: Path, given?: unknown): string;
  /** The words that may stand at `path`, for suggestions. */
  wordsAt(path: Path): readonly string[];
}

/** Hints for a file that reads as `value`; `root` is its JSON Schema, without references. */
export function schemaHints(value: unknown, root: SchemaNode = scenarioJsonSchema()): SchemaHints {
  const at = (path: Path): readonly SchemaNode[] => {
    let nodes = branches(root, value);
    let inner = value;
    for (const key of path) {
      inner = member(inner, key);
      nodes = nodes.flatMap((node) => child(node, key)).flatMap((node) => branches(node, inner));
    }
    return nodes;
  };
  return {
    keysAt: (path) => unique(at(path).flatMap((node) => Object.keys(node.properties ?? {}))),
    wordsAt: (path) => unique(at(path).flatMap(words)),
    formsAt: (path, given) => {
      const nodes = at(path);
      const named = nodes.filter((node) => constants(node).includes(given));
      return `write ${either(unique((named.length > 0 ? named : nodes).flatMap(forms)))}`;
    },
  };
}

/** The forms that a value may take; of those told apart by a constant, the one that it names. */
function branches(node: SchemaNode, value: unknown): readonly SchemaNode[] {
  const all = node.anyOf ?? node.oneOf;
  if (all === undefined) return [node];
  const leaves = all.flatMap((branch) => branches(branch, value));
  const meant = leaves.filter((leaf) =>
    Object.entries(leaf.properties ?? {}).some(
      ([key, { const: constant }]) => constant !== undefined && member(value, key) === constant,
    ),
  );
  return meant.length > 0 ? meant : leaves;
}

function child(node: SchemaNode, key: PropertyKey): readonly SchemaNode[] {
  if (typeof key === 'number') return node.items ? [node.items] : [];
  const properties = node.properties ?? {};
  const known = Object.hasOwn(properties, key) ? properties[String(key)] : undefined;
  return [known ?? (node.additionalProperties || [])].flat();
}

function member(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined;
}

/** Values of the keys that tell the forms of a map apart. */
function constants(node: SchemaNode): readonly unknown[] {
  return Object.values(node.properties ?? {}).flatMap((property) => property.const ?? []);
}

function words(node: SchemaNode): readonly string[] {
  return [...(node.enum ?? []), ...(node.const === undefined ? [] : [node.const])].map(String);
}

function forms(node: SchemaNode): readonly string[] {
  const literals = words(node);
  return literals.length > 0 ? literals : [form(node)];
}

function form(node: SchemaNode): string {
  switch (node.type) {
    case 'object':
      return mapForm(node);
    case 'array':
      return `a list of ${node.items?.type === 'string' ? 'texts' : 'maps'}`;
    case 'integer':
    case 'number':
      return `a whole number${range(node)}`;
    case 'boolean':
      return 'true or false';
    default:
      return PATTERNS.find(([part]) => node.pattern?.includes(part))?.[1] ?? 'a text';
  }
}

/** What the pattern of a text tells of its meaning. */
const PATTERNS: readonly (readonly [string, string])[] = [
  ['/(ms|s|m|h|d)', 'a rate with its unit, such as 50/s or 30/m'],
  ['(ms|s|m|h|d)', 'a duration with its unit, such as 500ms, 20s or 1m30s'],
  ['%', 'a percentage, such as 10%'],
  ['[a-z0-9]', 'a name of lower-case letters, digits and single hyphens'],
];

function mapForm({ properties, required = [], additionalProperties }: SchemaNode): string {
  if (properties === undefined) {
    const inner = additionalProperties ? branches(additionalProperties, undefined) : [];
    return `a map of names, each with ${either(unique(inner.flatMap(forms)))}`;
  }
  const keys = required.length > 0 ? required : Object.keys(properties);
  const shown = keys.map((key) => {
    const constant = properties[key]?.const;
    return constant === undefined ? key : `${key}: ${String(constant)}`;
  });
  return `{ ${shown.join(', ')} }`;
}

function range({ minimum, maximum }: SchemaNode): string {
  if (minimum === undefined) return '';
  const bounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  return bounded ? ` from ${minimum} to ${maximum}` : ` of at least ${minimum}`;
}

function either(parts: readonly string[]): string {
  const shown = parts.map((part) => printable(part, 120));
  return shown.length < 2
    ? (shown[0] ?? '')
    : `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`;
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
