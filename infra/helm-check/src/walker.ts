import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, Manifest } from './chart.js';
import { CUSTOM_KINDS } from './custom-kinds.js';

/** What may stand somewhere: a reduced OpenAPI schema. `values` is what every value of a free map is. */
export interface Shape {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly values?: Shape;
  readonly enum?: readonly string[];
}

interface Kinds {
  readonly kinds: Readonly<Record<string, string>>;
  readonly definitions: Readonly<Record<string, Shape>>;
}

const BUILT_IN = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'kubernetes-1.36.json'), 'utf8')) as Kinds;

/** What is wrong with an object: unknown keys, missing ones, wrong types; each with its path. An unknown kind is wrong too. */
export function problemsOf(object: Manifest): readonly string[] {
  const name = BUILT_IN.kinds[object.kind];
  const shape = name === undefined ? CUSTOM_KINDS[object.kind] : BUILT_IN.definitions[name];
  const where = `${object.kind}/${object.metadata.name}`;
  return shape === undefined ? [`${where}: nothing is known of this kind`] : walk(object, shape, where);
}

function walk(value: Json | undefined, shape: Shape, path: string): readonly string[] {
  if (shape.$ref !== undefined) return walk(value, BUILT_IN.definitions[shape.$ref] ?? {}, path);
  const types = shape.type === undefined ? [] : [shape.type].flat();
  if (types.length > 0 && !types.some((type) => isOf(value, type)))
    return [`${path}: is ${typeof value}, not ${types.join(' or ')}`];
  if (shape.enum !== undefined && !(typeof value === 'string' && shape.enum.includes(value)))
    return [`${path}: is ${JSON.stringify(value)}, not one of ${shape.enum.join(', ')}`];
  if (Array.isArray(value)) return value.flatMap((item: Json, i) => walk(item, shape.items ?? {}, `${path}[${i}]`));
  return value !== null && typeof value === 'object'
    ? walkObject(value as Readonly<Record<string, Json>>, shape, path)
    : [];
}

function walkObject(value: Readonly<Record<string, Json>>, shape: Shape, path: string): readonly string[] {
  const { properties, required = [], values } = shape;
  const missing = required.filter((key) => value[key] === undefined).map((key) => `${path}: ${key} is missing`);
  if (properties === undefined)
    return [...missing, ...Object.entries(value).flatMap(([key, each]) => walk(each, values ?? {}, `${path}.${key}`))];
  const found = Object.entries(value).flatMap(([key, each]) => {
    const known = properties[key];
    return known === undefined ? [`${path}.${key}: is no key of this object`] : walk(each, known, `${path}.${key}`);
  });
  return [...missing, ...found];
}

function isOf(value: Json | undefined, type: string): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return value !== null && typeof value === 'object' && !Array.isArray(value);
  return typeof value === type;
}
