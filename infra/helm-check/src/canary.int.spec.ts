import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Json, Manifest } from './chart.js';
import { chartUnderHelm, profiles } from './helm.js';
import { at, containersOf, listAt, ofKind, podTemplates, SERVICES, textAt, textsAt } from './objects.js';
import { ROOT } from './paths.js';
import { Network, partyOf } from './reachability.js';

const chart = await chartUnderHelm();
const withHelm = chart === undefined ? describe.skip : describe;
const WITH = { files: ['ci/canary.yaml'] };
const on = chart?.objects(WITH) ?? [];
const off = chart?.objects({ ...WITH, set: { 'canary.enabled': 'false' } }) ?? [];
const nameOf = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;
const isCanary = ({ from }: { readonly from: string }): boolean => /^Deployment\/.*canary$/.test(from);
const isSame = (one: Manifest, other: Manifest | undefined): boolean => JSON.stringify(one) === JSON.stringify(other);
const podOf = (objects: readonly Manifest[]) => {
  const pod = podTemplates(objects).find(isCanary);
  if (pod === undefined) throw new Error('there is no canary');
  return pod;
};
const variables = (container: Json | undefined): readonly string[] =>
  listAt(container, 'env').map((variable) => textAt(variable, 'name'));
const mountsOf = (container: Json | undefined): readonly string[] =>
  listAt(container, 'volumeMounts').map((mount) => textAt(mount, 'name'));
const secretsOf = (objects: readonly Manifest[]): readonly Json[] =>
  listAt(podOf(objects).spec, 'volumes').flatMap((volume) => at(volume, 'secret', 'secretName') ?? []);

withHelm('a canary that is off', () => {
  it('is nowhere, in no profile that does not ask for it', () => {
    for (const [name, options] of Object.entries(profiles()))
      if (name !== 'ci/canary.yaml')
        expect([name, chart?.template(options).out]).toEqual([name, expect.not.stringMatching(/: [\w-]+-canary$/m)]);
  });

  it('changes nothing else when it is switched on', () => {
    const before = new Map(off.map((object) => [nameOf(object), object]));
    const added = on.filter((object) => !before.has(nameOf(object)));
    expect(added.map(nameOf).sort()).toEqual([
      'Deployment/countersign-canary',
      'NetworkPolicy/countersign-canary',
      'Service/countersign-canary',
    ]);
    const changed = on.filter((object) => before.has(nameOf(object)) && !isSame(object, before.get(nameOf(object))));
    expect(changed.map(({ kind }) => kind)).toEqual(['ServiceMonitor']);
  });
});

withHelm('the canary', () => {
  const deployment = ofKind(on, 'Deployment').find(({ metadata }) => metadata.name.endsWith('-canary'));
  const [setUp, canary] = chart === undefined ? [] : containersOf(podOf(on));

  it('is one pod of the one image, and a new one starts when the old one has ended', () => {
    expect(at(deployment, 'spec', 'replicas')).toBe(1);
    expect(at(deployment, 'spec', 'strategy')).toEqual({ type: 'Recreate' });
    expect([at(setUp, 'args'), at(canary, 'args')]).toEqual([['canary-setup'], ['canary']]);
    expect([at(setUp, 'image'), at(canary, 'image')]).toEqual(['countersign:0.1.0', 'countersign:0.1.0']);
    expect(ofKind(on, 'PodDisruptionBudget').filter(({ metadata }) => /canary/.test(metadata.name))).toEqual([]);
  });

  it('is started by answering, ready after its first round, and killed only when its event loop stands', () => {
    const probe = (name: string): Json | undefined => at(canary, name, 'httpGet', 'path');
    expect([probe('startupProbe'), probe('readinessProbe'), probe('livenessProbe')]).toEqual([
      '/live',
      '/ready',
      '/live',
    ]);
  });

  it('never sees the operator’s keys: only what makes its organisation does, and it ends first', () => {
    expect(secretsOf(on)).toEqual(['countersign-operator']);
    expect(listAt(podOf(on).spec, 'initContainers')).toHaveLength(1);
    expect(mountsOf(setUp)).toEqual(['tmp', 'trust', 'keys', 'canary']);
    expect(mountsOf(canary)).toEqual(['tmp', 'canary']);
  });

  it('keeps the credentials of its agents in memory, where one container writes and the other reads', () => {
    const volume = listAt(podOf(on).spec, 'volumes').find((each) => at(each, 'name') === 'canary');
    expect(at(volume ?? null, 'emptyDir', 'medium')).toBe('Memory');
    const paths = [setUp, canary].map((container) =>
      listAt(container, 'env').find((variable) => at(variable, 'name') === 'COUNTERSIGN_CANARY_FILE'),
    );
    expect(paths.map((variable) => textAt(variable, 'value'))).toEqual([
      '/etc/countersign/canary/canary.json',
      '/etc/countersign/canary/canary.json',
    ]);
    expect(at(listAt(canary, 'volumeMounts').at(-1) ?? null, 'readOnly')).toBe(true);
  });

  it('has its organisation named after the release, so that the next set-up ends it', () => {
    const name = (options: object): string => {
      const [container] = containersOf(podOf(chart?.objects({ ...WITH, ...options }) ?? []));
      const variable = listAt(container, 'env').find((each) => at(each, 'name') === 'COUNTERSIGN_CANARY_NAME');
      return textAt(variable, 'value');
    };
    expect(name({})).toBe('countersign');
    // the most that Helm takes, with a dot: what the name of an organisation cannot have
    expect(name({ release: `a.${'b'.repeat(51)}` })).toMatch(/^[a-z0-9][a-z0-9-]{0,39}$/);
  });

  it('runs with a Secret that was made elsewhere, and then sees nothing of the operator’s', () => {
    const objects = chart?.objects({ ...WITH, set: { 'canary.existingSecret': 'birds' } }) ?? [];
    const pod = podOf(objects);
    expect(listAt(pod.spec, 'initContainers')).toEqual([]);
    expect(secretsOf(objects)).toEqual(['birds']);
    expect(listAt(pod.spec, 'volumes').map((volume) => at(volume, 'name'))).toEqual(['tmp', 'canary']);
    const stored = chart?.objects({
      files: ['ci/external-secrets.yaml', 'ci/canary.yaml'],
      set: { 'canary.existingSecret': 'birds' },
    });
    expect(ofKind(stored ?? [], 'ExternalSecret').map(({ metadata }) => metadata.name)).toContain('birds');
  });

  it('sets everything that its configuration and its set-up know', () => {
    const config = readFileSync(join(ROOT, 'infra', 'canary', 'src', 'canary.config.ts'), 'utf8');
    const [run = '', set = ''] = config.split('export const setUpConfig');
    const known = (text: string): readonly string[] =>
      [...text.matchAll(/^ {2}(COUNTERSIGN_[A-Z0-9_]+):/gm)].map(([, name = '']) => name);
    const shared = Object.keys(textsAt(ofKind(on, 'ConfigMap')[0], 'data'));
    expect([...shared, ...variables(canary)]).toEqual(expect.arrayContaining([...known(run)]));
    // agents reach NATS where the operator does
    const needed = known(set).filter((name) => name !== 'COUNTERSIGN_CANARY_NATS_URL');
    expect(variables(setUp)).toEqual(expect.arrayContaining(needed));
  });

  it('is placed as the services are', () => {
    const { spec, annotations } = podOf(
      chart?.objects({ files: ['ci/gitops.yaml'], set: { 'canary.enabled': 'true' } }) ?? [],
    );
    expect(at(spec, 'priorityClassName')).toBe('high');
    expect(at(spec, 'nodeSelector')).toEqual({ 'kubernetes.io/os': 'linux' });
    expect(listAt(spec, 'tolerations')).toHaveLength(1);
    expect(annotations).toMatchObject({ secrets: '2' });
  });
});

withHelm('what watches the canary', () => {
  it('scrapes it by the Service that selects its pod', () => {
    const service = ofKind(on, 'Service').find(({ metadata }) => metadata.name.endsWith('-canary'));
    const labels = podOf(on).labels;
    expect(labels).toMatchObject(textsAt(service, 'spec', 'selector'));
    const scraped = (objects: readonly Manifest[]): readonly Json[] =>
      listAt(ofKind(objects, 'ServiceMonitor')[0], 'spec', 'selector', 'matchExpressions', 0, 'values');
    expect(scraped(on)).toEqual([...SERVICES, 'canary'].sort());
    expect(scraped(off)).toEqual(SERVICES);
    expect(textsAt(service, 'metadata', 'labels')).toMatchObject({ 'app.kubernetes.io/component': 'canary' });
  });

  it('has alerts on what it counts', () => {
    const rules = JSON.stringify(ofKind(on, 'PrometheusRule'));
    for (const alert of ['CountersignCanaryReleased', 'CountersignCanaryAbsent']) expect(rules).toContain(alert);
    expect(rules).toContain('countersign_canary_total');
  });
});

withHelm('the network of the canary', () => {
  const own = { 'kubernetes.io/metadata.name': 'cs' };
  const monitoring = { 'kubernetes.io/metadata.name': 'monitoring' };
  const network = new Network(on);
  const canary = chart === undefined ? {} : partyOf(podOf(on));
  const services = podTemplates(on).filter(({ from }) => from.startsWith('Deployment/') && !isCanary({ from }));
  const outside = {
    nats: { party: { labels: { 'app.kubernetes.io/name': 'nats' }, namespace: own }, port: 4222 },
    collector: { party: { labels: { app: 'otel-collector' }, namespace: monitoring }, port: 4318 },
    postgresql: { party: { labels: { 'cnpg.io/cluster': 'countersign-db' }, namespace: own }, port: 5432 },
    internet: { party: { address: '198.51.100.7' }, port: 443 },
  };

  it('lets it reach NATS as any agent does, and the collector; no service, no database, nothing outside', () => {
    const reached = Object.entries(outside).filter(([, { party, port }]) => network.reaches(canary, party, port));
    expect(reached.map(([name]) => name)).toEqual(['nats', 'collector']);
    expect(services).toHaveLength(SERVICES.length);
    for (const service of services) expect(network.reaches(canary, partyOf(service), 9100)).toBe(false);
  });

  it('lets monitoring ask it, and nobody else', () => {
    const prometheus = { labels: { app: 'prometheus' }, namespace: monitoring };
    expect(network.reaches(prometheus, canary, 9100)).toBe(true);
    expect(network.reaches({ labels: { app: 'other' }, namespace: own }, canary, 9100)).toBe(false);
    for (const service of services) expect(network.reaches(partyOf(service), canary, 9100)).toBe(false);
  });

  it('lets it reach the bundled nats-server of a trial, and not its database', () => {
    const trial = chart?.objects({ files: ['values-dev.yaml'], set: { 'canary.enabled': 'true' } }) ?? [];
    const server = (name: string) =>
      podTemplates(trial).find(({ from }) => from === `StatefulSet/countersign-${name}`) ?? podOf(trial);
    const reaches = (name: string, port: number): boolean =>
      new Network(trial).reaches(partyOf(podOf(trial)), partyOf(server(name)), port);
    expect([reaches('nats', 4222), reaches('postgresql', 5432)]).toEqual([true, false]);
  });
});
