import { asyncApi } from './asyncapi.js';
import { COMMANDS_BY_SERVICE, commandSchemaName, jsonSchemas, type Json, type JsonObject } from './json-schemas.js';
import { namedSchemas } from './named-schemas.js';
import { commandsPage, reasonCodesPage, subjectsPage } from './pages.js';
import { toYaml } from './yaml.js';

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/**
 * The files of docs/reference by their path in it: JSON Schemas, the AsyncAPI document, and pages for people. Nothing in them depends on when or
 * where they are written. `sources` is the text of the library's source files, whose docblocks become the descriptions.
 */
export function referenceFiles(sources: string): ReadonlyMap<string, string> {
  const named = namedSchemas(sources);
  const schemas = jsonSchemas(named, { target: 'draft-2020-12', refTo: (name) => `${name}.json` });
  const schemaFile = (name: string, body: JsonObject): readonly [string, string] => [
    `schemas/${name}.json`,
    jsonText({ $schema: DRAFT, $id: `${name}.json`, ...body }),
  ];
  return new Map([
    ['asyncapi.yaml', toYaml(asyncApi(named))],
    ['reason-codes.md', reasonCodesPage()],
    ['subjects.md', subjectsPage()],
    ['commands.md', commandsPage(schemas)],
    ...named.map(({ name }) => schemaFile(name, schemas.get(name) ?? {})),
    ...COMMANDS_BY_SERVICE.map(([service, commands]) => {
      const names = commands.flatMap((command) => [
        commandSchemaName(command, 'request'),
        commandSchemaName(command, 'answer'),
      ]);
      const $defs = Object.fromEntries(
        names.map((name) => [name.slice(service.length + 1), schemas.get(name) ?? {}] as const),
      );
      return schemaFile(`commands-${service}`, { description: `What commands of ${service} ask and answer.`, $defs });
    }),
  ]);
}

function jsonText(value: Json): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
