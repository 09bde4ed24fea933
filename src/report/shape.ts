/**
 * Shapes of stored data: what is read from a file was perhaps cut, edited or made by someone else, so
 * that every member that is used later is checked first. Every problem is told with its path. Pure.
 */
import { printable } from '../core/text.ts';

export type Shape =
  | 'string'
  | 'number'
  | 'boolean'
  /** Milliseconds since the epoch that a `Date` can hold (ECMA-262 §21.4.1.1). */
  | 'time'
  | { readonly one: readonly (string | number)[] }
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly optional: Shape }
  | { readonly members: Readonly<Record<string, Shape>> };

const TIME_MAX = 8.64e15;

export interface ShapeProblem {
  readonly path: string;
  readonly message: string;
}

/** Members of which each must be there; others may stand beside them. */
export function members(shapes: Readonly<Record<string, Shape>>): Shape {
  return { members: shapes };
}

export function optional(shape: Shape): Shape {
  return { optional: shape };
}

export function list(shape: Shape): Shape {
  return { list: shape };
}

/** Everything in which the value differs from the shape; nothing when it fits. */
export function shapeProblems(value: unknown, shape: Shape, path = ''): readonly ShapeProblem[] {
  if (typeof shape === 'string') {
    const right =
      shape === 'time'
        ? typeof value === 'number' && Math.abs(value) <= TIME_MAX
        : shape === 'number'
          ? Number.isFinite(value)
          : typeof value === shape;
    return right ? [] : wrong(path, value, `a ${shape}`);
  }
  if ('optional' in shape) {
    return value === undefined ? [] : shapeProblems(value, shape.optional, path);
  }
  if ('one' in shape) {
    return shape.one.some((one) => one === value) ? [] : wrong(path, value, shape.one.join(' or '));
  }
  if ('list' in shape) {
    if (!Array.isArray(value)) return wrong(path, value, 'a list');
    return value.flatMap((item, index) => shapeProblems(item, shape.list, inside(path, index)));
  }
  if (!isObject(value)) return wrong(path, value, 'an object');
  if ('map' in shape) {
    return Object.entries(value).flatMap(([key, inner]) =>
      shapeProblems(inner, shape.map, inside(path, key)),
    );
  }
  return Object.entries(shape.members).flatMap(([key, inner]) =>
    shapeProblems(Object.hasOwn(value, key) ? value[key] : undefined, inner, inside(path, key)),
  );
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(path: string, value: unknown, wanted: string): readonly ShapeProblem[] {
  const message = value === undefined ? `is missing; it is ${wanted}` : `is not ${wanted}`;
  return [{ path: path === '' ? 'the report' : path, message }];
}

function inside(path: string, key: string | number): string {
  const name = printable(String(key), 60);
  return path === '' ? name : `${path}.${name}`;
}
