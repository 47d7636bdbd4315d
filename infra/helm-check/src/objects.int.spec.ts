import { describe, expect, it } from '@jest/globals';
import type { Json, Manifest } from './chart.js';
import { chartFiles } from './files.js';
import { chartUnderHelm, profiles } from './helm.js';
import { at, containersOf, listAt, ofKind, podTemplates, SERVICES, textAt, textsAt } from './objects.js';

const chart = await chartUnderHelm();
const withHelm = chart === undefined ? describe.skip : describe;
const all = profiles();
const rendered: Readonly<Record<string, readonly Manifest[]>> =
  chart === undefined
    ? {}
    : Object.fromEntries(Object.entries(all).map(([name, options]) => [name, chart.objects(options)]));
const of = (name: string): readonly Manifest[] => rendered[name] ?? [];
const named = (objects: readonly Manifest[], kind: string, end: string): Json | undefined =>
  ofKind(objects, kind).find(({ metadata }) => metadata.name.endsWith(end));
const minimal = of('ci/minimal.yaml');
const dev = of('values-dev.yaml');
const production = of('values-production.yaml');

withHelm.each(Object.keys(all))('every pod of %s', (name) => {
  const pods = podTemplates(of(name));

  it('passes Pod Security `restricted` and gets no token it does not need', () => {
    expect(pods.length).toBeGreaterThan(7);
    for (const { spec, from } of pods) {
      expect([from, at(spec, 'securityContext')]).toEqual([
        from,
        expect.objectContaining({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }),
      ]);
      expect(at(spec, 'securityContext', 'runAsUser')).toBeGreaterThan(0);
      expect([from, at(spec, 'automountServiceAccountToken')]).toEqual([from, from.includes('dev-secrets')]);
      expect(at(spec, 'enableServiceLinks')).toBe(false);
      for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) expect(at(spec, key)).toBeUndefined();
    }
  });

  it('has a root that cannot be written, no capabilities, no way to more rights, and a bound on memory', () => {
    for (const container of pods.flatMap(containersOf)) {
      expect(at(container, 'securityContext')).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(at(container, 'resources', 'limits', 'memory')).toBeDefined();
      expect(at(container, 'resources', 'requests', 'memory')).toBeDefined();
      expect(at(container, 'resources', 'limits', 'cpu')).toBeUndefined();
      expect(listAt(container, 'volumeMounts')).toContainEqual({ name: 'tmp', mountPath: '/tmp' });
    }
  });

  it('reads secrets from files that nobody else can read, and from no variable', () => {
    for (const pod of pods) {
      for (const volume of listAt(pod.spec, 'volumes'))
        if (at(volume, 'secret') !== undefined) {
          expect(Number(at(volume, 'secret', 'defaultMode')) & 0o337).toBe(0);
          expect(at(pod.spec, 'securityContext', 'fsGroup')).toBe(at(pod.spec, 'securityContext', 'runAsGroup'));
        }
      for (const container of containersOf(pod)) {
        expect(listAt(container, 'env').some((e) => at(e, 'valueFrom', 'secretKeyRef') !== undefined)).toBe(false);
        expect(listAt(container, 'envFrom').some((e) => at(e, 'secretRef') !== undefined)).toBe(false);
      }
    }
  });

  it('mounts only volumes that it has, each variable once', () => {
    for (const pod of pods) {
      const volumes = listAt(pod.spec, 'volumes').map((v) => at(v, 'name'));
      expect(new Set(volumes).size).toBe(volumes.length);
      for (const container of containersOf(pod)) {
        for (const mount of listAt(container, 'volumeMounts')) expect(volumes).toContain(at(mount, 'name'));
        const variables = listAt(container, 'env').map((e) => at(e, 'name'));
        expect(new Set(variables).size).toBe(variables.length);
      }
    }
  });

  it('is made of no Secret: templates name secrets and make none', () => {
    expect(ofKind(of(name), 'Secret')).toEqual([]);
  });
});

withHelm.each(SERVICES)('the Deployment of %s', (service) => {
  const deployment = named(minimal, 'Deployment', `-${service}`);
  const spec = at(deployment, 'spec', 'template', 'spec');
  const container = at(spec, 'containers', 0);

  it('runs the one image in the role of the service, and rolls without a gap', () => {
    expect(at(container, 'image')).toBe('countersign:0.1.0');
    expect(at(container, 'args')).toEqual([service]);
    expect(at(container, 'command')).toBeUndefined();
    expect(at(deployment, 'spec', 'strategy')).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
    });
    expect(at(deployment, 'spec', 'replicas')).toBe(2);
  });

  it('has a selector that no value and no version can change', () => {
    const selector = textsAt(deployment, 'spec', 'selector', 'matchLabels');
    expect(Object.keys(selector).sort()).toEqual([
      'app.kubernetes.io/component',
      'app.kubernetes.io/instance',
      'app.kubernetes.io/name',
    ]);
    expect(textsAt(deployment, 'spec', 'template', 'metadata', 'labels')).toMatchObject(selector);
    const gitops = named(of('ci/gitops.yaml'), 'Deployment', `-${service}`);
    expect(textsAt(gitops, 'spec', 'selector', 'matchLabels')).toEqual(selector);
  });

  it('is started by answering, ready when it can decide, and killed only when its event loop stands', () => {
    const probe = (name: string): Json | undefined => at(container, name, 'httpGet');
    expect(probe('startupProbe')).toEqual({ path: '/live', port: 'health' });
    expect(probe('readinessProbe')).toEqual({ path: '/ready', port: 'health' });
    expect(probe('livenessProbe')).toEqual({ path: '/live', port: 'health' });
    expect(listAt(container, 'ports')).toEqual([{ name: 'health', containerPort: 9100, protocol: 'TCP' }]);
    expect(textsAt(named(minimal, 'ConfigMap', ''), 'data')).toMatchObject({
      COUNTERSIGN_HEALTH_PORT: '9100',
      COUNTERSIGN_HEALTH_HOST: '0.0.0.0',
    });
  });

  it('is given longer to stop than it waits and drains', () => {
    expect(at(container, 'lifecycle', 'preStop')).toEqual({ sleep: { seconds: 5 } });
    expect(Number(at(spec, 'terminationGracePeriodSeconds'))).toBeGreaterThan(5 + 5);
  });

  it('starts anew when its configuration changes, and only then', () => {
    const checksum = (objects: readonly Manifest[] | undefined): string | undefined =>
      textsAt(named(objects ?? [], 'Deployment', `-${service}`), 'spec', 'template', 'metadata', 'annotations')[
        'checksum/config'
      ];
    expect(checksum(chart?.objects({ set: { logLevel: 'debug' } }))).not.toBe(checksum(minimal));
    expect(checksum(chart?.objects({ set: { 'tests.enabled': 'false' } }))).toBe(checksum(minimal));
  });

  it('is spread over nodes and zones within one version', () => {
    const keys = listAt(spec, 'topologySpreadConstraints').map((c) => [at(c, 'topologyKey'), at(c, 'matchLabelKeys')]);
    expect(keys).toEqual([
      ['kubernetes.io/hostname', ['pod-template-hash']],
      ['topology.kubernetes.io/zone', ['pod-template-hash']],
    ]);
    const strict = at(
      named(production, 'Deployment', `-${service}`),
      'spec',
      'template',
      'spec',
      'topologySpreadConstraints',
      0,
    );
    expect(at(strict, 'whenUnsatisfiable')).toBe('DoNotSchedule');
  });

  it('reads its own Secret and no other', () => {
    const secrets = listAt(spec, 'volumes').flatMap((v) => at(v, 'secret', 'secretName') ?? []);
    expect(secrets).toEqual([`countersign-${service}`]);
  });

  it('may lose one pod at a time, and one that is not ready holds nothing up', () => {
    const budget = named(minimal, 'PodDisruptionBudget', `-${service}`);
    expect(at(budget, 'spec', 'maxUnavailable')).toBe(1);
    expect(at(budget, 'spec', 'unhealthyPodEvictionPolicy')).toBe('AlwaysAllow');
    expect(at(budget, 'spec', 'selector')).toEqual(at(deployment, 'spec', 'selector'));
  });

  it('leaves the number of replicas to whoever scales it, which is never below two', () => {
    const scaled = of('ci/autoscaling.yaml');
    expect(at(named(scaled, 'Deployment', `-${service}`), 'spec', 'replicas')).toBeUndefined();
    expect(at(named(scaled, 'HorizontalPodAutoscaler', `-${service}`), 'spec', 'minReplicas')).toBe(3);
    const keda = of('ci/keda.yaml');
    expect(at(named(keda, 'Deployment', `-${service}`), 'spec', 'replicas')).toBeUndefined();
    const scaler = named(keda, service === 'dispatcher' ? 'HorizontalPodAutoscaler' : 'ScaledObject', `-${service}`);
    expect(at(scaler, 'spec', service === 'dispatcher' ? 'minReplicas' : 'minReplicaCount')).toBe(2);
  });

  it('is reached at its health port by a Service that selects its pods', () => {
    const object = named(minimal, 'Service', `-${service}`);
    expect(textsAt(object, 'spec', 'selector')).toEqual(textsAt(deployment, 'spec', 'selector', 'matchLabels'));
    expect(listAt(object, 'spec', 'ports')).toEqual([
      { name: 'health', port: 9100, targetPort: 'health', protocol: 'TCP' },
    ]);
  });
});

withHelm('roles, schemas and streams', () => {
  const steps = (job: Json | undefined): readonly (Json | undefined)[] =>
    [
      ...listAt(job, 'spec', 'template', 'spec', 'initContainers'),
      ...listAt(job, 'spec', 'template', 'spec', 'containers'),
    ].map((c) => at(c, 'args', 0));

  it('are made before an install and an upgrade, and a failed Job does not stand in the way of the next', () => {
    const job = named(minimal, 'Job', '-setup');
    expect(textsAt(job, 'metadata', 'annotations')).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' });
    const policy = textsAt(job, 'metadata', 'annotations')['helm.sh/hook-delete-policy'];
    expect(policy?.split(',').sort()).toEqual(['before-hook-creation', 'hook-failed', 'hook-succeeded']);
    expect(at(job, 'spec', 'template', 'spec', 'serviceAccountName')).toBe('default');
    expect(steps(job)).toEqual(['roles', 'migrate', 'provision']);
  });

  it('are an object like the others for GitOps, named by what they do', () => {
    const job = ofKind(of('ci/gitops.yaml'), 'Job')[0];
    expect(textsAt(job, 'metadata', 'annotations')).toEqual({});
    expect(at(job, 'metadata', 'name')).toMatch(/^cs-setup-[0-9a-f]{8}$/);
    expect(steps(job)).toEqual(['migrate', 'provision']);
    const other = chart?.objects({ files: ['ci/gitops.yaml'], set: { 'setup.provision.streamReplicas': '3' } }) ?? [];
    expect(ofKind(other, 'Job')[0]?.metadata.name).not.toBe(at(job, 'metadata', 'name'));
  });

  it('are each made with a Secret of their own', () => {
    const job = named(minimal, 'Job', '-setup');
    const pod = at(job, 'spec', 'template', 'spec');
    const mounts = [...listAt(pod, 'initContainers'), ...listAt(pod, 'containers')].map((c) =>
      listAt(c, 'volumeMounts').flatMap((m) => (at(m, 'mountPath') === '/etc/countersign/keys' ? at(m, 'name') : [])),
    );
    expect(mounts).toEqual([['roles'], ['migrate'], ['provision']]);
  });

  it('are not made where everything of it is off', () => {
    const off = {
      'setup.roles.enabled': 'false',
      'setup.migrate.enabled': 'false',
      'setup.provision.enabled': 'false',
    };
    expect(ofKind(chart?.objects({ set: off }) ?? [], 'Job')).toEqual([]);
  });
});

withHelm('what stands outside', () => {
  it('secrets come from a store by the names that the pods mount', () => {
    const objects = of('ci/external-secrets.yaml');
    const made = ofKind(objects, 'ExternalSecret').map(({ metadata }) => metadata.name);
    const mounted = podTemplates(objects).flatMap((pod) =>
      listAt(pod.spec, 'volumes').flatMap((v) => at(v, 'secret', 'secretName') ?? []),
    );
    expect(new Set(mounted)).toEqual(new Set(made));
  });

  it('a certificate is written where the pods look for its authority', () => {
    const objects = of('ci/cert-manager.yaml');
    expect(at(ofKind(objects, 'Certificate')[0], 'spec', 'secretName')).toBe('nats-tls');
    const pod = podTemplates(objects).find(({ from }) => from.endsWith('-policy'));
    expect(listAt(pod?.spec, 'volumes').some((v) => at(v, 'secret', 'secretName') === 'nats-tls')).toBe(true);
    expect(textsAt(named(objects, 'ConfigMap', ''), 'data')['NODE_EXTRA_CA_CERTS']).toBe('/etc/countersign/ca/ca.crt');
  });

  it('metrics, rules and dashboards are there by flag only', () => {
    for (const kind of ['ServiceMonitor', 'PrometheusRule']) {
      expect(ofKind(minimal, kind)).toEqual([]);
      expect(ofKind(of('ci/observability.yaml'), kind)).toHaveLength(1);
    }
    expect(named(minimal, 'ConfigMap', '-dashboards')).toBeUndefined();
    const boards = chartFiles().flatMap(({ path }) => /^files\/dashboards\/(.*)$/.exec(path)?.[1] ?? []);
    const shown = textsAt(named(of('ci/observability.yaml'), 'ConfigMap', '-dashboards'), 'data');
    expect(Object.keys(shown).sort()).toEqual(boards.sort());
  });

  it('telemetry is sent by flag, and off by name otherwise', () => {
    const settings = (objects: readonly Manifest[]): object => textsAt(ofKind(objects, 'ConfigMap')[0], 'data');
    expect(settings(minimal)).toMatchObject({ OTEL_SDK_DISABLED: 'true' });
    expect(settings(of('ci/keda.yaml'))).not.toHaveProperty('OTEL_EXPORTER_OTLP_ENDPOINT');
    expect(textsAt(named(production, 'ConfigMap', 'countersign'), 'data')).toMatchObject({
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.01',
    });
  });
});

withHelm('helm test', () => {
  const pods = ofKind(minimal, 'Pod');

  it('tries health, a release, three refusals and the record, one after another', () => {
    expect(pods.map((pod) => at(pod, 'spec', 'containers', 0, 'args', 1))).toEqual([
      'health',
      'allow',
      'deny-over-budget',
      'deny-injection',
      'deny-revoked',
      'record',
    ]);
    expect(pods.map((pod) => textsAt(pod, 'metadata', 'annotations')['helm.sh/hook-weight'])).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
    ]);
  });

  it('asks every service for its health', () => {
    const urls = listAt(pods[0], 'spec', 'containers', 0, 'env').find(
      (e) => at(e, 'name') === 'COUNTERSIGN_HEALTH_URLS',
    );
    expect(textAt(urls, 'value').split(',')).toEqual(SERVICES.map((s) => `${s}=http://countersign-${s}:9100`));
  });
});

withHelm('a trial', () => {
  it('is complete: servers, keys and setup stand in the release, and no object waits for another that is made later', () => {
    expect(ofKind(dev, 'StatefulSet').map(({ metadata }) => metadata.name)).toEqual([
      'countersign-nats',
      'countersign-postgresql',
    ]);
    expect(
      ofKind(dev, 'Job').filter((job) => textsAt(job, 'metadata', 'annotations')['helm.sh/hook'] !== undefined),
    ).toEqual([]);
  });

  it('makes keys with rights to make and to read back its own, not to change, list or delete', () => {
    const rules = listAt(ofKind(dev, 'Role')[0], 'rules');
    expect(rules.flatMap((rule) => listAt(rule, 'verbs'))).toEqual(['create', 'get', 'get']);
    for (const rule of rules)
      if (listAt(rule, 'verbs').includes('get')) expect(listAt(rule, 'resourceNames')).toHaveLength(1);
  });

  it('is nowhere else: without `dev` there is no account with rights', () => {
    for (const [name, objects] of Object.entries(rendered))
      if (name !== 'values-dev.yaml')
        for (const kind of ['Role', 'RoleBinding', 'StatefulSet']) expect(ofKind(objects, kind)).toEqual([]);
  });
});
