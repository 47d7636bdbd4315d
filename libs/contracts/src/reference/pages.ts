import { mayCommand } from '../commands.js';
import type { CommandSpec } from '../commands/command.js';
import { SIGNERS } from '../identities.js';
import { REASON_CODE_LIST, REASON_CODES } from '../reason-codes.js';
import { ROLES } from '../roles.js';
import { consumerSpecs, streamSpecs } from '../streams.js';
import { commandSubject } from '../subjects.js';
import { PURPOSES } from '../trust-bundle.js';
import { fieldsOf } from './fields.js';
import { COMMANDS_BY_SERVICE, commandSchemaName, type JsonObject } from './json-schemas.js';
import { SUBJECT_CATALOGUE, TOKENS, type Payload } from './subject-catalogue.js';

const GENERATED = 'Written by `npm run reference` from the code of `libs/contracts`; do not edit.';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
const page = (title: string, ...blocks: readonly string[]): string =>
  `${[`# ${title}`, GENERATED, ...blocks].join('\n\n')}\n`;
const code = (text: string): string => `\`${text}\``;
const schemaLink = (name: string): string => `[${name}](schemas/${name}.json)`;

/** The page of reason codes, by group. */
export function reasonCodesPage(): string {
  const groups = Map.groupBy(REASON_CODE_LIST, (name) => REASON_CODES[name].group);
  return page(
    'Reason codes',
    `Why something was refused, asked or ended: ${REASON_CODE_LIST.length} stable texts. None is ever used again for another meaning. The sentence goes with the code to whoever is told of it; the record holds the details.`,
    ...[...groups].flatMap(([group, codes]) => [
      `## ${group}`,
      table(
        ['code', 'HTTP', 'severity', 'meaning'],
        codes.map((name) => {
          const { http, severity, message } = REASON_CODES[name];
          return [code(name), String(http), severity, message];
        }),
      ),
    ]),
  );
}

function payloadText(payload: Payload): string {
  switch (payload.form) {
    case 'json':
      return payload.oneOf.map(schemaLink).join(' or ');
    case 'lines':
      return `lines: ${schemaLink(payload.first)}, then ${payload.rest.map(schemaLink).join(', ')}`;
    case 'ack':
      return 'acknowledgement of the stream';
  }
}

/** The page of subjects, streams and consumers. */
export function subjectsPage(): string {
  return page(
    'Subjects and streams',
    'Tokens in braces are variable. Commands have subjects of their own: [commands](commands.md). The same as a machine reads it: [asyncapi.yaml](asyncapi.yaml).',
    ...SUBJECT_CATALOGUE.flatMap(([group, entries]) => [
      `## ${group}`,
      table(
        ['subject', 'from', 'to', 'message', 'signed as', 'reply', 'meaning'],
        entries.map(({ address, from, to, payload, signed, reply, meaning }) => [
          code(address),
          from.join(', '),
          to.join(', '),
          payloadText(payload),
          signed === undefined ? '–' : code(PURPOSES[signed]),
          reply === undefined ? '–' : `${payloadText(reply.payload)}${reply.signed ? ', signed' : ''}`,
          meaning,
        ]),
      ),
    ]),
    '## Tokens',
    table(
      ['token', 'what it is'],
      Object.entries(TOKENS).map(([token, meaning]) => [code(`{${token}}`), meaning]),
    ),
    ...streamBlocks(),
  );
}

function streamBlocks(): readonly string[] {
  return [
    '## Streams',
    'A full stream refuses and drops nothing. Messages and bytes are the defaults; an installation sets both.',
    table(
      ['stream', 'subjects', 'kept', 'a subject holds', 'largest message', 'messages', 'bytes'],
      streamSpecs().map((spec) => [
        code(spec.name),
        spec.subjects.map(code).join(', '),
        spec.maxAgeMs === 0 ? 'always' : `${spec.maxAgeMs / 3_600_000} h`,
        heldText(spec.maxPerSubject, spec.discardNewPerSubject),
        `${spec.maxMessageBytes / 1024} KiB`,
        spec.maxMessages === -1 ? 'any number' : String(spec.maxMessages),
        String(spec.maxBytes),
      ]),
    ),
    '## Durable consumers',
    table(
      ['consumer', 'stream', 'subjects', 'acknowledged within', 'at most open'],
      consumerSpecs().map(({ durable, stream, filters, ackWaitMs, maxAckPending }) => [
        code(durable),
        code(stream),
        filters.map(code).join(', '),
        `${ackWaitMs / 1000} s`,
        String(maxAckPending),
      ]),
    ),
  ];
}

function heldText(perSubject: number, refusesMore: boolean): string {
  if (perSubject === -1) return 'any number';
  return refusesMore ? `${perSubject}, the next is refused` : `the last ${perSubject === 1 ? '' : perSubject}`.trim();
}

function peopleOf({ people = [] }: CommandSpec): string {
  return people.length === ROLES.length ? 'all' : people.map((role) => role.toLowerCase()).join(', ') || '–';
}

/** The page of commands, by service. `schemas` are those of {@link commandSchemaName}. */
export function commandsPage(schemas: ReadonlyMap<string, JsonObject>): string {
  const fields = (name: string): string => fieldsOf(schemas.get(name) ?? {});
  return page(
    'Commands',
    `Requests with a reply, signed both ways. The body stands in a ${schemaLink('command-envelope')} and is answered with a ${schemaLink('command-reply')}. The operator (and a gateway, when there is one) may send every command but those on which only people decide; people send with their own key what their roles allow, in their own organisation. The same idempotency key again answers the same, but for commands that only read or that answer a secret; a key is good for seven days by the time in it, a person's for ten minutes, and an older one, or one that is more than ten minutes ahead, is REQUEST_INVALID. A field with \`?\` may be left out.`,
    ...COMMANDS_BY_SERVICE.flatMap(([service, commands]) => [
      `## ${service}`,
      `Schemas: ${schemaLink(`commands-${service}`)}`,
      table(
        ['subject', 'may send besides', 'people', 'asks', 'answers', 'remembered'],
        commands.map((command) => [
          code(commandSubject(service, command.verb)),
          SIGNERS.filter((s) => s !== 'operator' && s !== 'gateway' && mayCommand(s, command)).join(', ') || '–',
          peopleOf(command),
          fields(commandSchemaName(command, 'request')),
          fields(commandSchemaName(command, 'answer')),
          command.remembered ? 'yes' : 'no',
        ]),
      ),
    ]),
  );
}
