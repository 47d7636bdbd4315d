import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { UsageError } from '../session.js';

/** Levels under which a policy file may hold documents. */
const LEVELS = ['clientOrg', 'targetOrg', 'client', 'connection', 'surface', 'share', 'mayOriginate'];

/** An object from a file of JSON or YAML (JSON is YAML too). */
export function readObject(path: string): Readonly<Record<string, unknown>> {
  return objectOf(textOf(path), path);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new UsageError(`the file ${path} cannot be read`);
  }
}

/** An object from the text of a file; `name` is told when it is none. */
export function objectOf(text: string, name: string): Readonly<Record<string, unknown>> {
  const value = valueOf(text, name);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new UsageError(`${name} must hold fields such as taskTypes: [code_review]`);
}

function valueOf(text: string, name: string): unknown {
  try {
    // no alias may blow a small file up
    return parse(text, { maxAliasCount: 100 });
  } catch (error) {
    throw new UsageError(
      `${name} is neither JSON nor YAML: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`,
    );
  }
}

/** The documents of a policy file by their levels; fields of a single document are the connection's. */
export function documentsOf(file: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const names = Object.keys(file);
  return names.length > 0 && names.every((name) => LEVELS.includes(name)) ? file : { connection: file };
}
