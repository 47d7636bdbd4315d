import { mayCommand } from '../commands.js';
import type { CommandSpec } from '../commands/command.js';
import { SIGNERS } from '../identities.js';
import { commandSubject } from '../subjects.js';
import { PURPOSES, SIGNATURE_HEADERS } from '../trust-bundle.js';
import { COMMANDS_BY_SERVICE, commandSchemaName, jsonSchemas, type Json, type JsonObject } from './json-schemas.js';
import type { NamedSchema } from './named-schemas.js';
import { SUBJECT_CATALOGUE, TOKENS, type Party, type Payload, type SubjectEntry } from './subject-catalogue.js';

const ref = (path: string): JsonObject => ({ $ref: `#/${path}` });
const schemaRef = (name: string): JsonObject => ref(`components/schemas/${name}`);

/** One subject with what is said on it and what is replied; a command's payloads are not in the catalogue of schemas but made of them. */
interface Exchange {
  readonly name: string;
  readonly address: string;
  readonly meaning: string;
  readonly from: readonly Party[];
  readonly to: readonly Party[];
  readonly message: JsonObject;
  readonly reply?: JsonObject;
}

/** The AsyncAPI 3.0 document of the wire: every subject as a channel, who sends and receives on it as operations tagged with the program, every schema. */
export function asyncApi(named: readonly NamedSchema[]): JsonObject {
  const exchanges = [
    ...SUBJECT_CATALOGUE.flatMap(([, entries]) => entries).map(exchangeOf),
    ...COMMANDS_BY_SERVICE.flatMap(([, commands]) => commands).map(exchangeOfCommand),
  ];
  const schemas = jsonSchemas(named, { target: 'draft-7', refTo: (name) => `#/components/schemas/${name}` });
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Countersign',
      version: '1.0.0',
      description:
        'Every subject on which agents, the six controls, the dispatcher and the operator speak over NATS. One document for all of them: an operation is tagged with the program that does it. Whatever anyone acts on is signed with Ed25519 unless an agent sent it: the server enforces the subjects of agents.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      installation: {
        host: '{host}',
        protocol: 'nats',
        description: 'The NATS server of an installation, with JetStream',
        variables: { host: { default: '127.0.0.1:4222', description: 'Host and port' } },
      },
    },
    channels: Object.fromEntries(exchanges.flatMap(channelsOf)),
    operations: Object.fromEntries(exchanges.flatMap(operationsOf)),
    components: {
      schemas: { ...Object.fromEntries(schemas), 'pub-ack': PUB_ACK },
      messages: Object.fromEntries(exchanges.flatMap(messagesOf)),
      messageTraits: { signed: SIGNED },
    },
  };
}

const PUB_ACK: JsonObject = {
  description: 'Acknowledgement of a stream, of the server: where the message stands, and no more.',
  type: 'object',
  properties: { stream: { type: 'string' }, seq: { type: 'integer', minimum: 1 }, duplicate: { type: 'boolean' } },
  required: ['stream', 'seq'],
};
const SIGNED: JsonObject = {
  headers: {
    type: 'object',
    properties: {
      [SIGNATURE_HEADERS.kid]: {
        type: 'string',
        description: 'Key of the sender: a service and 16 hexadecimal digits',
      },
      [SIGNATURE_HEADERS.sig]: {
        type: 'string',
        description: 'Ed25519 signature, base64url',
        pattern: '^[A-Za-z0-9_-]{86}$',
      },
    },
    required: [SIGNATURE_HEADERS.kid, SIGNATURE_HEADERS.sig],
  },
};

function exchangeOf(entry: SubjectEntry): Exchange {
  const { name, address, meaning, from, to, payload, signed, header, reply } = entry;
  const message = messageOf(name, payloadOf(payload), {
    ...(payload.form === 'lines' ? { contentType: 'application/jsonl' } : {}),
    ...(signed === undefined ? {} : signedAs(PURPOSES[signed])),
    ...(header === undefined
      ? {}
      : { headers: { type: 'object', properties: { [header]: { type: 'string' } }, required: [header] } }),
  });
  const exchange = { name, address, meaning, from, to, message };
  if (reply === undefined) return exchange;
  const signature = reply.signed ? signedAs(PURPOSES.reply) : {};
  return { ...exchange, reply: messageOf(`${name}-reply`, payloadOf(reply.payload), signature) };
}

function exchangeOfCommand(command: CommandSpec): Exchange {
  const { service, verb } = command;
  const name = `${service}.${verb}`;
  const body = (side: 'request' | 'answer'): JsonObject => schemaRef(commandSchemaName(command, side));
  const request = {
    allOf: [
      schemaRef('command-envelope'),
      { type: 'object', properties: { body: body('request') }, required: ['body'] },
    ],
  };
  const outcome = (ok: boolean, field: string, value: JsonObject): JsonObject => ({
    type: 'object',
    properties: { ok: { const: ok }, [field]: value },
    required: ['ok', field],
  });
  const reply = { oneOf: [outcome(true, 'result', body('answer')), outcome(false, 'problem', schemaRef('problem'))] };
  return {
    name,
    address: commandSubject(service, verb),
    meaning: `Command \`${verb}\` of ${service}.`,
    from: SIGNERS.filter((signer) => mayCommand(signer, command)),
    to: [service],
    message: messageOf(name, request, signedAs(PURPOSES.admin)),
    reply: messageOf(`${name}-reply`, reply, signedAs(PURPOSES.reply)),
  };
}

const signedAs = (purpose: string): JsonObject => ({
  traits: [ref('components/messageTraits/signed')],
  'x-signed-as': purpose,
});

const messageOf = (name: string, payload: JsonObject, more: JsonObject): JsonObject => ({ name, payload, ...more });

function payloadOf(payload: Payload): JsonObject {
  switch (payload.form) {
    case 'json':
      return oneOf(payload.oneOf);
    case 'ack':
      return schemaRef('pub-ack');
    case 'lines': {
      const line = oneOf(payload.rest);
      return {
        description: 'Lines of JSON, as the elements of a list: a line feed between two, none at the end.',
        type: 'array',
        items: [schemaRef(payload.first), line],
        additionalItems: line,
        minItems: 2,
      };
    }
  }
}

function oneOf(names: readonly string[]): JsonObject {
  const [only] = names;
  return only !== undefined && names.length === 1 ? schemaRef(only) : { oneOf: names.map(schemaRef) };
}

type Entries = (readonly [string, Json])[];

function channelsOf({ name, address, meaning, reply }: Exchange): Entries {
  const tokens = [...address.matchAll(/\{(\w+)\}/g)].map(([, token = '']) => [
    token,
    { description: TOKENS[token] ?? '' },
  ]);
  const channel = {
    address,
    description: meaning,
    messages: { [name]: ref(`components/messages/${name}`) },
    ...(tokens.length === 0 ? {} : { parameters: Object.fromEntries(tokens) as JsonObject }),
  };
  if (reply === undefined) return [[name, channel]];
  const answers = { [`${name}-reply`]: ref(`components/messages/${name}-reply`) };
  const inbox = { address: null, description: `The reply subject of a request on ${address}.`, messages: answers };
  return [
    [name, channel],
    [`${name}-reply`, inbox],
  ];
}

function messagesOf({ name, message, reply }: Exchange): Entries {
  return [[name, message], ...(reply === undefined ? [] : ([[`${name}-reply`, reply]] as Entries))];
}

function operationsOf({ name, from, to, reply }: Exchange): Entries {
  const on = (channel: string): JsonObject => ({
    channel: ref(`channels/${channel}`),
    messages: [ref(`channels/${channel}/messages/${channel}`)],
  });
  const operation = (program: Party, action: 'send' | 'receive'): Entries[number] => [
    `${program}.${action}.${name}`,
    { action, ...on(name), tags: [{ name: program }], ...(reply === undefined ? {} : { reply: on(`${name}-reply`) }) },
  ];
  return [...from.map((program) => operation(program, 'send')), ...to.map((program) => operation(program, 'receive'))];
}
