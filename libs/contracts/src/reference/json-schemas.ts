import { z } from 'zod';
import { COMMANDS } from '../commands.js';
import type { CommandSpec } from '../commands/command.js';
import type { NamedSchema } from './named-schemas.js';

/** JSON as it is written to a file. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
/** A JSON object. */
export type JsonObject = Readonly<Record<string, Json>>;

/** Every command by service, in the order of the code. */
export const COMMANDS_BY_SERVICE: readonly (readonly [service: string, commands: readonly CommandSpec[]])[] =
  Object.entries<Readonly<Record<string, CommandSpec>>>(COMMANDS).map(([service, verbs]) => [
    service,
    Object.values(verbs),
  ]);

/** Name under which one side of a command stands. */
export function commandSchemaName({ service, verb }: CommandSpec, side: 'request' | 'answer'): string {
  return `${service}.${verb}.${side}`;
}

/** How schemas are written: which draft, and how one refers to another by its name. */
export interface SchemaStyle {
  readonly target: 'draft-7' | 'draft-2020-12';
  readonly refTo: (name: string) => string;
}

/** The schema of every named thing and of both sides of every command, as what is accepted on the wire; each name stands once and is referred to elsewhere. */
export function jsonSchemas(named: readonly NamedSchema[], { target, refTo }: SchemaStyle): Map<string, JsonObject> {
  const registry = z.registry<{ id: string; description?: string }>();
  for (const { name, schema, description } of named) registry.add(schema, { id: name, description });
  for (const command of COMMANDS_BY_SERVICE.flatMap(([, commands]) => commands))
    for (const side of ['request', 'answer'] as const)
      registry.add(command[side].clone(), { id: commandSchemaName(command, side) });
  const { schemas } = z.toJSONSchema(registry, { io: 'input', target, uri: refTo });
  if ('__shared' in schemas) throw new Error('a schema that refers to itself needs a name');
  return new Map(
    Object.entries(schemas).map(([name, { $id: _id, $schema: _schema, ...body }]) => [name, plain(body)] as const),
  );
}

/** Without what only a program can hold. */
function plain(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
