import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { COMMANDS } from '../commands.js';
import * as contracts from '../index.js';
import { CONTROLS } from '../identities.js';
import { REASON_CODE_LIST } from '../reason-codes.js';
import { streamSpecs } from '../streams.js';
import { asyncApi } from './asyncapi.js';
import { namedSchemas } from './named-schemas.js';
import { referenceFiles } from './reference.js';
import { SUBJECT_CATALOGUE, TOKENS } from './subject-catalogue.js';

const source = join(import.meta.dirname, '..');
const folder = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'reference');
const sources = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
  .sort()
  .map((name) => readFileSync(join(source, name), 'utf8'))
  .join('\n');
const files = referenceFiles(sources);
const subjects = SUBJECT_CATALOGUE.flatMap(([, entries]) => entries);

/** Every value of `$ref` in a JSON document. */
function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : refsIn(inner),
  );
}

/** Made of the lists of libs/telemetry and held to them by infra/observability. */
const MADE_ELSEWHERE = 'telemetry.md';

describe('docs/reference', () => {
  it('holds exactly the files that the code makes; otherwise run `npm run reference`', () => {
    const found = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(folder.length + 1)
          .split(sep)
          .join('/'),
      );
    expect(found.sort()).toEqual([...files.keys(), MADE_ELSEWHERE].sort());
  });

  it.each([...files.keys()])('%s is what the code makes; otherwise run `npm run reference`', (name) => {
    expect(readFileSync(join(folder, name), 'utf8') === files.get(name)).toBe(true);
  });

  it('names every reason code, command and subject', () => {
    for (const code of REASON_CODE_LIST) expect(files.get('reason-codes.md')).toContain(`| \`${code}\` |`);
    for (const [service, verbs] of Object.entries(COMMANDS))
      for (const { verb } of Object.values(verbs as Readonly<Record<string, { readonly verb: string }>>))
        expect(files.get('commands.md')).toContain(`| \`adm.${service}.${verb}\` |`);
    for (const { address } of subjects) expect(files.get('subjects.md')).toContain(`| \`${address}\` |`);
  });

  it('has pages whose links lead to a file and whose tables have as many cells in every row', () => {
    for (const [name, text] of files) {
      if (!name.endsWith('.md')) continue;
      for (const [, link = ''] of text.matchAll(/\]\(([^)]+)\)/g)) expect([...files.keys()]).toContain(link);
      const widths = text.split('\n').map((line) => (line.startsWith('|') ? line.split(/(?<!\\)\|/).length : 0));
      widths.forEach((width, i) => {
        if (width > 0 && (widths[i - 1] ?? 0) > 0) expect([name, i, width]).toEqual([name, i, widths[i - 1]]);
      });
    }
  });
});

describe('JSON Schemas', () => {
  const schemas = [...files].filter(([name]) => name.startsWith('schemas/'));

  it('are there for every schema that the library exports, with a sentence about it', () => {
    const exported = Object.keys(contracts).filter((name) => name.endsWith('Schema'));
    expect(namedSchemas(sources)).toHaveLength(exported.length);
    for (const { description } of namedSchemas(sources)) expect(description).toMatch(/^\S.*[.…]$/);
  });

  it('refer to nothing but each other', () => {
    for (const [name, text] of schemas)
      for (const ref of refsIn(JSON.parse(text)))
        expect([name, [...files.keys()]]).toEqual([name, expect.arrayContaining([`schemas/${ref}`])]);
  });

  it('refuse unknown keys where the wire does', () => {
    for (const name of ['task-envelope', 'task-data', 'result-envelope', 'result-data', 'policy', 'command-envelope'])
      expect(JSON.parse(files.get(`schemas/${name}.json`) ?? '')).toMatchObject({ additionalProperties: false });
  });

  it('let no secret in: they hold no default that is one, no host and no path', () => {
    for (const text of files.values())
      expect(text).not.toMatch(/\/root\/|\/work\/|https?:\/\/(?!json-schema\.org|www\.apache\.org)/);
  });
});

describe('the AsyncAPI document', () => {
  const document = asyncApi(namedSchemas(sources)) as Record<string, Record<string, Record<string, unknown>>>;
  const { channels = {}, operations = {} } = document;

  it('refers only to what stands in it', () => {
    for (const ref of new Set(refsIn(document))) {
      const found = ref
        .slice(2)
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
      expect([ref, typeof found]).toEqual([ref, 'object']);
    }
  });

  it('has a channel for every subject and command, and one for each of their replies', () => {
    const commands = Object.values(COMMANDS).flatMap((verbs) => Object.keys(verbs)).length;
    const replies = subjects.filter((subject) => subject.reply !== undefined).length;
    expect(Object.keys(channels)).toHaveLength(subjects.length + replies + 2 * commands);
  });

  it('names every variable token of a subject as a parameter of its channel, and no other', () => {
    for (const { address, parameters } of Object.values(channels)) {
      const tokens = typeof address === 'string' ? [...address.matchAll(/\{(\w+)\}/g)].map(([, token]) => token) : [];
      expect(Object.keys(parameters ?? {})).toEqual(tokens);
      for (const token of tokens) expect(Object.keys(TOKENS)).toContain(token);
    }
  });

  it('says who sends and who receives on every subject', () => {
    for (const { name, from, to } of subjects) {
      for (const program of from) expect(operations[`${program}.send.${name}`]).toMatchObject({ action: 'send' });
      for (const program of to) expect(operations[`${program}.receive.${name}`]).toMatchObject({ action: 'receive' });
    }
  });
});

describe('the catalogue of subjects', () => {
  const [org, agent, task] = ['{org}', '{agent}', '{task}'];
  const key = { org, agent, task };

  it('has the subjects that the code builds', () => {
    const addresses = subjects.map(({ address }) => address);
    const built = [
      contracts.taskSubject(key),
      contracts.resultSubject(key, '{grant}'),
      contracts.statusSubject(key),
      contracts.peersSubject(key),
      contracts.deliverySubject(key),
      contracts.answerSubject(key, '{instance}'),
      ...CONTROLS.map((control) => contracts.verdictSubject(0, control).replace('.0.', '.{lane}.')),
      ...(['dec', 'rec', 'scr', 'ovd'] as const).map((kind) =>
        contracts.flowSubject(0, kind).replace('.0.', '.{lane}.'),
      ),
      contracts.readModelSubject('registry', contracts.readModelKey.agent(key)),
      contracts.readModelSubject('registry', contracts.readModelKey.install()),
      contracts.readModelSubject('policy', contracts.readModelKey.connection(org, '{connection}')),
    ];
    for (const subject of built) expect(addresses).toContain(subject);
    const partitioned = [
      contracts.ingestSubject(key),
      contracts.roundSubject(key, 7, 8).replace('.7.8', '.{attempt}.{round}'),
      contracts.storedResultSubject({ org, agent }, '{grant}'),
    ].map((subject) => subject.replace(/^(\w+)\.\d+\.\d+/, '$1.{p}.{s}'));
    for (const subject of partitioned) expect(addresses).toContain(subject);
  });

  it('has every subject on which an agent may publish, and no other from an agent', () => {
    const wildcard = (address: string): string =>
      address.replace('agt.{org}.{agent}', 'agt.o.a').replace(/\{\w+\}$/, '*');
    const from = subjects.filter((subject) => subject.from.includes('agent')).map(({ address }) => wildcard(address));
    expect(from.sort()).toEqual([...contracts.agentPublishSubjects({ org: 'o', agent: 'a' })].sort());
  });

  it('tells that whatever an agent asks may be refused because it asks too much', () => {
    const asked = subjects.filter(({ from, reply }) => from.includes('agent') && reply?.signed === true);
    expect(asked.map(({ name }) => name)).toEqual(['status', 'peers', 'check', 'usage']);
    for (const { reply } of asked)
      expect(reply?.payload).toMatchObject({ oneOf: [expect.any(String), 'request-refusal'] });
  });

  it('puts every stored subject into a stream that takes it, and no other', () => {
    for (const { address, stream } of subjects) {
      const taking = streamSpecs().filter((spec) =>
        spec.subjects.some((pattern) => address.startsWith(pattern.replace('>', ''))),
      );
      expect([address, taking.map(({ name }) => name)]).toEqual([address, stream === undefined ? [] : [stream]]);
    }
  });

  it('lets nothing of a service stand unsigned, but bodies whose digest is signed', () => {
    const unsigned = subjects.filter((subject) => subject.signed === undefined).map(({ name }) => name);
    expect(unsigned).toEqual([
      'submit',
      'result',
      'status',
      'peers',
      'check',
      'usage',
      'hand-over',
      'stored-submission',
      'stored-result',
      'body',
    ]);
  });

  it('names each subject once', () => {
    expect(new Set(subjects.map(({ name }) => name)).size).toBe(subjects.length);
    expect(new Set(subjects.map(({ address }) => address)).size).toBe(subjects.length);
  });
});
