import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { kubernetesManifests, makeSecrets } from '@countersign/image';
import { hostConfigSchema } from '@countersign/service-host';
import { parseAllDocuments } from 'yaml';
import type { Json, Manifest } from './chart.js';
import { chartUnderHelm } from './helm.js';
import { ROOT } from './paths.js';
import {
  at,
  containersOf,
  listAt,
  ofKind,
  podTemplates,
  SERVICES,
  textAt,
  textsAt,
  type PodTemplate,
} from './objects.js';

const chart = await chartUnderHelm();
const withHelm = chart === undefined ? describe.skip : describe;
const KEYS = '/etc/countersign/keys';
const folder = mkdtempSync(join(tmpdir(), 'countersign-spec-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const made = parseAllDocuments(
  kubernetesManifests(folder, makeSecrets(folder, { database: 'db:5432', now: Date.UTC(2026, 10, 25) }), 'cs'),
).map((document) => document.toJS() as Manifest);
const entries = (kind: string, name: string): readonly string[] => {
  const object = made.find((each) => each.kind === kind && each.metadata.name === name) as Json | undefined;
  return Object.keys({ ...textsAt(object, 'data'), ...textsAt(object, 'stringData') }).sort();
};

/** Files of its Secret that a container is told of, and the Secret. */
function filesOf(pod: PodTemplate, container: Json): { readonly secret: string; readonly files: readonly string[] } {
  const mount = listAt(container, 'volumeMounts').find((m) => at(m, 'mountPath') === KEYS);
  const volume = listAt(pod.spec, 'volumes').find((v) => at(v, 'name') === at(mount ?? null, 'name'));
  const named = listAt(container, 'env').flatMap((e) => {
    const value = at(e, 'value');
    return typeof value === 'string' && value.startsWith(`${KEYS}/`) ? [value.slice(KEYS.length + 1)] : [];
  });
  return { secret: textAt(volume, 'secret', 'secretName'), files: named.sort() };
}

withHelm('what `secrets --format kubernetes` prints', () => {
  const objects = chart?.objects() ?? [];
  const pods = podTemplates(objects);
  const pod = (component: string): PodTemplate | undefined =>
    pods.find(({ labels }) => labels['app.kubernetes.io/component'] === component);

  it.each(SERVICES)('is for %s exactly what the chart mounts, key by key', (service) => {
    const found = pod(service);
    const [container] = found === undefined ? [] : containersOf(found);
    const { secret, files } = filesOf(found ?? { from: '', labels: {}, annotations: {}, spec: {} }, container ?? {});
    expect(entries('Secret', secret)).toEqual(files);
  });

  it('holds what each step of the setup reads, and what the operator’s pods read', () => {
    for (const from of [pod('setup'), pods.find((each) => each.from === 'Pod/countersign-test-allow')]) {
      if (from === undefined) throw new Error('there is no such pod');
      for (const container of containersOf(from)) {
        const { secret, files } = filesOf(from, container);
        expect([secret, entries('Secret', secret)]).toEqual([secret, expect.arrayContaining([...files])]);
      }
    }
    expect(entries('Secret', 'countersign-migrate')).toEqual(SERVICES.map((service) => `migrate-${service}.url`));
  });

  it('holds the public keys under the names that pods read', () => {
    const trust = listAt(pod('policy')?.spec, 'volumes').find((v) => at(v, 'name') === 'trust');
    const name = textAt(trust, 'configMap', 'name');
    expect(entries('ConfigMap', name)).toEqual(['installation-key', 'trust-bundle.json']);
  });

  it('holds what the bundled servers of a trial mount', () => {
    const dev = podTemplates(chart?.objects({ files: ['values-dev.yaml'] }) ?? []);
    const volumes = dev
      .filter(({ from }) => from.startsWith('StatefulSet/'))
      .flatMap(({ spec }) => listAt(spec, 'volumes'));
    expect(volumes.flatMap((v) => at(v, 'configMap', 'name') ?? [])).toEqual(['countersign-nats']);
    expect(entries('ConfigMap', 'countersign-nats')).toEqual(['accounts.conf', 'nats.conf']);
    expect(volumes.flatMap((v) => at(v, 'secret', 'secretName') ?? [])).toEqual(['countersign-admin']);
    expect(entries('Secret', 'countersign-admin')).toContain('postgres-password');
  });
});

withHelm('the environment of a service', () => {
  const objects = chart?.objects() ?? [];
  const shared = Object.keys(textsAt(ofKind(objects, 'ConfigMap')[0], 'data'));

  it.each(SERVICES)('of %s sets everything that its configuration knows', (service) => {
    const config = readFileSync(join(ROOT, 'services', service, 'src', `${service}.config.ts`), 'utf8');
    const own = [...config.matchAll(/^ {2}(COUNTERSIGN_[A-Z0-9_]+):/gm)].map(([, name = '']) => name);
    const pod = podTemplates(objects).find(({ labels }) => labels['app.kubernetes.io/component'] === service);
    const set = pod === undefined ? [] : listAt(containersOf(pod)[0], 'env').map((e) => textAt(e, 'name'));
    expect([...shared, ...set]).toEqual(expect.arrayContaining([...Object.keys(hostConfigSchema.shape), ...own]));
  });
});
