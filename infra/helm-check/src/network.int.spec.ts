import { describe, expect, it } from '@jest/globals';
import { chartUnderHelm } from './helm.js';
import { podTemplates, SERVICES } from './objects.js';
import { Network, partyOf, type Party } from './reachability.js';

const chart = await chartUnderHelm();
const withHelm = chart === undefined ? describe.skip : describe;

const own = { 'kubernetes.io/metadata.name': 'cs' };
const monitoring = { 'kubernetes.io/metadata.name': 'monitoring' };
/** Who else there is, and on which port they are asked. */
const OTHERS: Readonly<Record<string, { readonly party: Party; readonly port: number; readonly protocol?: string }>> = {
  dns: {
    party: { labels: { 'k8s-app': 'kube-dns' }, namespace: { 'kubernetes.io/metadata.name': 'kube-system' } },
    port: 53,
    protocol: 'UDP',
  },
  nats: { party: { labels: { 'app.kubernetes.io/name': 'nats' }, namespace: own }, port: 4222 },
  postgresql: { party: { labels: { 'cnpg.io/cluster': 'countersign-db' }, namespace: own }, port: 5432 },
  collector: { party: { labels: { app: 'otel-collector' }, namespace: monitoring }, port: 4318 },
  internet: { party: { address: '198.51.100.7' }, port: 443 },
  'api-server': { party: { address: '10.0.0.1' }, port: 443 },
  neighbour: { party: { labels: { app: 'other' }, namespace: own }, port: 9100 },
};

/** Who may ask whom: the whole matrix. What does not stand here is refused. */
const MATRIX: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(SERVICES.map((service) => [service, ['dns', 'nats', 'postgresql', 'collector']])),
  setup: ['dns', 'nats', 'postgresql'],
  operator: ['dns', 'nats', ...SERVICES],
};

const component = (labels: Readonly<Record<string, string>>): string => labels['app.kubernetes.io/component'] ?? '';

withHelm('network policies of the production profile', () => {
  const objects = chart?.objects({ files: ['values-production.yaml', 'ci/production.yaml'] }) ?? [];
  const network = new Network(objects);
  const pods = new Map(podTemplates(objects).map((pod) => [component(pod.labels), partyOf(pod)]));
  const targets = { ...OTHERS, ...Object.fromEntries([...pods].map(([name, party]) => [name, { party, port: 9100 }])) };

  it.each(Object.keys(MATRIX))('let %s reach those that it talks to and nobody else', (name) => {
    const from = pods.get(name) ?? {};
    const reached = Object.entries(targets).filter(([, { party, port, ...rest }]) =>
      network.reaches(from, party, port, 'protocol' in rest ? rest.protocol : 'TCP'),
    );
    expect(reached.map(([target]) => target).sort()).toEqual([...(MATRIX[name] ?? [])].sort());
  });

  it('know every program that there is', () => {
    expect([...pods.keys()].sort()).toEqual(Object.keys(MATRIX).sort());
  });

  it('let nobody on another port, not even one that may ask', () => {
    for (const from of pods.values())
      for (const { party } of Object.values(targets)) expect(network.reaches(from, party, 6_379)).toBe(false);
  });

  it.each(SERVICES)('let only monitoring and the operator ask %s', (service) => {
    const to = pods.get(service) ?? {};
    expect(network.reaches({ labels: { app: 'prometheus' }, namespace: monitoring }, to, 9100)).toBe(true);
    expect(
      network.reaches({ labels: { app: 'prometheus' }, namespace: { 'kubernetes.io/metadata.name': 'x' } }, to, 9100),
    ).toBe(false);
    expect(network.reaches({ labels: { app: 'other' }, namespace: own }, to, 9100)).toBe(false);
    expect(network.reaches({ address: '198.51.100.7' }, to, 9100)).toBe(false);
  });

  it('open the way to the collector only where telemetry is sent', () => {
    const silent = new Network(chart?.objects() ?? []);
    const collector = OTHERS['collector'];
    for (const service of SERVICES)
      expect(silent.reaches(pods.get(service) ?? {}, collector?.party ?? {}, 4318)).toBe(false);
  });
});

withHelm('network policies of a trial', () => {
  const objects = chart?.objects({ files: ['values-dev.yaml'] }) ?? [];
  const network = new Network(objects);
  const pods = new Map(podTemplates(objects).map((pod) => [component(pod.labels), partyOf(pod)]));
  const may = (from: string, to: string, port: number): boolean =>
    network.reaches(pods.get(from) ?? {}, pods.get(to) ?? {}, port);

  it('let every program reach the bundled servers that it needs', () => {
    for (const service of SERVICES)
      expect([may(service, 'nats', 4222), may(service, 'postgresql', 5432)]).toEqual([true, true]);
    expect([may('setup', 'nats', 4222), may('setup', 'postgresql', 5432)]).toEqual([true, true]);
    expect([may('operator', 'nats', 4222), may('operator', 'postgresql', 5432)]).toEqual([true, false]);
  });

  it('let agents of the namespace reach nats-server and nothing else', () => {
    const agent = { labels: { app: 'agent' }, namespace: own };
    expect(network.reaches(agent, pods.get('nats') ?? {}, 4222)).toBe(true);
    expect(network.reaches(agent, pods.get('nats') ?? {}, 8222)).toBe(false);
    expect(network.reaches(agent, pods.get('postgresql') ?? {}, 5432)).toBe(false);
  });

  it('let only the Job that makes keys reach the API server', () => {
    for (const [name, party] of pods)
      expect([name, network.reaches(party, { address: '10.0.0.1' }, 6443)]).toEqual([name, name === 'dev-secrets']);
  });

  it('let the bundled servers reach nobody', () => {
    for (const server of ['nats', 'postgresql'])
      for (const service of SERVICES) expect(may(server, service, 9100)).toBe(false);
  });
});
