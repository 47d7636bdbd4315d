import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { chartFiles } from './files.js';
import { CHART, ROOT } from './paths.js';
import { problemsOf } from './walker.js';
import { valueRows } from './values-table.js';

type Tree = Readonly<Record<string, unknown>>;
const read = (path: string): string => readFileSync(join(CHART, path), 'utf8');
const isTree = (value: unknown): value is Tree => value !== null && typeof value === 'object' && !Array.isArray(value);
const tree = (value: unknown): Tree => (isTree(value) ? value : {});
const schema = tree(JSON.parse(read('values.schema.json')));
const values = tree(parse(read('values.yaml')));

/** A part of the schema with its reference followed. */
function resolved(part: Tree): Tree {
  const ref = part['$ref'];
  return typeof ref === 'string' ? tree(tree(schema['$defs'])[ref.split('/').at(-1) ?? '']) : part;
}

describe('what is generated in the chart', () => {
  it.each(chartFiles().map(({ path, content }) => [path, content] as const))(
    '%s is as `npm run helm:write` makes it',
    (path, content) => {
      expect(read(path)).toBe(content);
    },
  );

  it('is everything that lies in files/', () => {
    const lying = readdirSync(join(CHART, 'files'), { recursive: true, withFileTypes: true }).filter((e) =>
      e.isFile(),
    ).length;
    expect(lying).toBe(chartFiles().filter(({ path }) => path.startsWith('files/')).length);
  });
});

describe('values, their schema and their meaning', () => {
  it('every value has a meaning', () => {
    expect(valueRows().filter(({ meaning }) => meaning === '')).toEqual([]);
  });

  it('every value of values.yaml is in the schema, and every value of the schema that is no other name is in values.yaml or optional for a service', () => {
    const renamed = Object.entries(tree(schema['properties'])).flatMap(([key, part]) =>
      tree(part)['description'] === undefined ? [] : [key],
    );
    expect(
      Object.keys(tree(schema['properties']))
        .filter((key) => key !== 'global' && !renamed.includes(key))
        .sort(),
    ).toEqual(Object.keys(values).sort());
  });

  it.each(Object.keys(values).filter((key) => isTree(values[key]) && !['services', 'commonLabels'].includes(key)))(
    'the keys below %s are the same in both',
    (key) => {
      const compare = (value: Tree, part: Tree, path: string): void => {
        const properties = resolved(part)['properties'];
        if (!isTree(properties) || Object.keys(value).length === 0 || path.endsWith('affinity')) return;
        const optional = path.endsWith('requests') || path.endsWith('limits');
        const known = Object.keys(properties).sort();
        if (optional) expect(known).toEqual(expect.arrayContaining(Object.keys(value)));
        else expect([path, Object.keys(value).sort()]).toEqual([path, known]);
        for (const [name, each] of Object.entries(value))
          if (isTree(each)) compare(each, tree(properties[name]), `${path}.${name}`);
      };
      compare(tree(values[key]), tree(tree(schema['properties'])[key]), key);
    },
  );

  it('every object of the schema refuses keys it does not know, but for what is Kubernetes’ own', () => {
    const open: string[] = [];
    const look = (part: unknown, path: string): void => {
      if (Array.isArray(part)) part.forEach((each, i) => look(each, `${path}[${i}]`));
      if (!isTree(part)) return;
      if (part['type'] === 'object' && part['additionalProperties'] === undefined) open.push(path);
      for (const [key, each] of Object.entries(part)) look(each, `${path}.${key}`);
    };
    look(schema, '');
    expect(open.filter((path) => !/\.global$|\.affinity\.properties\.(node|pod|podAnti)Affinity$/i.test(path))).toEqual(
      [],
    );
  });
});

describe('the version of the chart', () => {
  it('is the version of the product', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };
    expect(tree(parse(read('Chart.yaml')))).toMatchObject({ version, appVersion: version });
  });
});

describe('the walker', () => {
  const pod = (spec: object) =>
    ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec }) as unknown as Parameters<typeof problemsOf>[0];

  it('finds unknown keys, missing ones and wrong types by their path', () => {
    expect(
      problemsOf(
        pod({ containers: [{ name: 'a', readOnlyRoot: true, ports: [{ containerPort: '1' }] }], hostNetwok: true }),
      ),
    ).toEqual([
      'Pod/p.spec.containers[0].readOnlyRoot: is no key of this object',
      'Pod/p.spec.containers[0].ports[0].containerPort: is string, not integer',
      'Pod/p.spec.hostNetwok: is no key of this object',
    ]);
    expect(problemsOf(pod({}))).toEqual(['Pod/p.spec: containers is missing']);
  });

  it('takes nothing for good that it does not know', () => {
    expect(problemsOf({ apiVersion: 'x/v1', kind: 'Thing', metadata: { name: 't' } })).toEqual([
      'Thing/t: nothing is known of this kind',
    ]);
  });
});

describe('the guide', () => {
  const guide = readFileSync(join(ROOT, 'docs', 'guides', 'kubernetes.md'), 'utf8');
  const blocks = [...guide.matchAll(/```yaml\n([^`]*)```/g)].map(([, text = '']) => text);

  it('shows values and manifests that are YAML', () => {
    expect(blocks.length).toBeGreaterThan(1);
    for (const block of blocks) expect(isTree(parse(block))).toBe(true);
  });

  it('includes accounts and callout into NATS by the file that is printed for it, every message forced to the disk', () => {
    const nats = tree(blocks.map((block): unknown => parse(block)).find((block) => isTree(block) && 'config' in block));
    expect(nats).toMatchObject({
      config: {
        merge: { $include: '../countersign/accounts.conf' },
        jetstream: { merge: { sync_interval: 'always' } },
        cluster: { replicas: 3, tls: { merge: { verify: true } } },
      },
    });
  });

  it('names every Secret that the values name', () => {
    for (const [, name = ''] of read('values.yaml').matchAll(/existingSecret: countersign(-[a-z]+)/g))
      expect(guide).toContain(name);
  });
});
