import { describe, expect, it } from '@jest/globals';
import { chartUnderHelm, KUBERNETES, profiles } from './helm.js';
import { SERVICES } from './objects.js';
import { problemsOf } from './walker.js';

const chart = await chartUnderHelm();
const withHelm = chart === undefined ? describe.skip : describe;
const all = profiles();

withHelm('the chart', () => {
  it.each(Object.keys(all))('with %s passes a strict lint', (name) => {
    const { ok, out, error } = chart?.lint(all[name]) ?? { ok: false, out: '', error: '' };
    expect(`${out}${error}`).not.toMatch(/\[(ERROR|WARNING)\]/);
    expect(ok).toBe(true);
  });

  describe.each(KUBERNETES)('on Kubernetes %s', (kubernetes) => {
    it.each(Object.keys(all))('renders %s to objects that Kubernetes knows, key by key', (name) => {
      const objects = chart?.objects({ ...all[name], kubernetes }) ?? [];
      expect(objects.length).toBeGreaterThan(2 * SERVICES.length);
      expect(objects.flatMap(problemsOf)).toEqual([]);
    });
  });

  it('is refused on a Kubernetes that is too old', () => {
    expect(chart?.template({ kubernetes: '1.30.0' }).error).toContain('>=1.31.0-0');
  });

  it.each(Object.keys(all))('gives every object of %s a name of its own', (name) => {
    const names = (chart?.objects(all[name]) ?? []).map((o) => `${o.kind}/${o.metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('renders the same twice, so that nothing in it is random', () => {
    for (const options of Object.values(all)) expect(chart?.template(options).out).toBe(chart?.template(options).out);
  });
});

withHelm('values that are not right', () => {
  const cases: readonly (readonly [why: string, set: Record<string, string>, says: string])[] = [
    ['an unknown key', { colour: 'blue' }, "additional properties 'colour' not allowed"],
    ['an unknown key of a service', { 'services.policy.replica': '3' }, "additional properties 'replica' not allowed"],
    ['an unknown key deep inside', { 'serviceDefaults.resources.requests.cpus': '1' }, "'cpus' not allowed"],
    ['an unknown service', { 'services.oracle.existingSecret': 'x' }, "additional properties 'oracle' not allowed"],
    ['no replicas', { 'services.policy.replicas': '0' }, 'minimum: got 0, want 1'],
    ['one replica', { 'services.policy.replicas': '1' }, 'services.policy.replicas is 1'],
    ['scaling down to one', { 'serviceDefaults.autoscaling.minReplicas': '1' }, 'minimum: got 1, want 2'],
    [
      'more at least than at most',
      { 'serviceDefaults.autoscaling.enabled': 'true', 'serviceDefaults.autoscaling.minReplicas': '11' },
      'minReplicas 11 is more than maxReplicas 10',
    ],
    [
      'both scalers',
      { 'serviceDefaults.autoscaling.enabled': 'true', 'serviceDefaults.keda.enabled': 'true' },
      'autoscaling and keda are both enabled',
    ],
    ['KEDA without an address', { 'serviceDefaults.keda.enabled': 'true' }, 'keda.natsMonitoring is empty'],
    ['a service without its Secret', { 'services.audit.existingSecret': '' }, '/services/audit/existingSecret'],
    ['an address that is none', { 'nats.urls[0]': 'nats:4222' }, '/nats/urls/0'],
    ['two copies of a stream', { 'setup.provision.streamReplicas': '2' }, '/setup/provision/streamReplicas'],
    ['a ratio above one', { 'observability.otel.ratio': '2' }, '/observability/otel/ratio'],
    [
      'payloads that are kept too short',
      { 'services.audit.payloadRetentionDays': '7' },
      '/services/audit/payloadRetentionDays',
    ],
    ['a canary that is neither on nor off', { 'canary.enabled': 'sometimes' }, '/canary/enabled'],
    ['a canary that is seen too seldom by its alerts', { 'canary.everySeconds': '600' }, 'maximum: got 600, want 240'],
    ['two canaries', { 'canary.replicas': '2' }, "additional properties 'replicas' not allowed"],
    ['a Secret that cannot be one', { 'canary.existingSecret': 'My_Secret' }, '/canary/existingSecret'],
    ['a peer that nobody is', { 'networkPolicy.peers.nats': 'null' }, 'names the peer nats'],
    [
      'a variable of the chart',
      { 'serviceDefaults.env.COUNTERSIGN_LANES': '2' },
      'env.COUNTERSIGN_LANES is set by the chart',
    ],
    [
      'a hook that would wait for what comes after it',
      { 'externalSecrets.enabled': 'true', 'externalSecrets.storeRef.name': 'x' },
      'right would be setup.mode=job',
    ],
    [
      'an issuer without a name',
      { 'certManager.enabled': 'true', 'setup.mode': 'job' },
      'certManager.issuerRef.name is empty',
    ],
    [
      'a trial where it is strict',
      { strict: 'true', 'dev.enabled': 'true', 'setup.mode': 'job' },
      'strict is on and so is dev.enabled',
    ],
    ['a tag that moves where it is strict', { strict: 'true', 'image.tag': 'latest' }, 'image.tag is latest'],
    [
      'a placeholder where it is strict',
      { strict: 'true', 'image.repository': 'CHANGE_ME/x' },
      'image.repository still holds the placeholder',
    ],
  ];

  it.each(cases)('are refused: %s', (_why, set, says) => {
    const { ok, error } = chart?.template({ set }) ?? { ok: true, error: '' };
    expect(error).toContain(says);
    expect(ok).toBe(false);
  });

  it('are refused in values-production.yaml as it stands, every placeholder by name', () => {
    const { ok, error } = chart?.template({ files: ['values-production.yaml'] }) ?? { ok: true, error: '' };
    expect(ok).toBe(false);
    for (const key of ['image.repository', 'trust.installationKey']) expect(error).toContain(`${key} still holds`);
  });

  it.each([
    ['replicaCount', 'serviceDefaults.replicas'],
    ['resources', 'serviceDefaults.resources'],
    ['migrations', 'setup'],
    ['serviceMonitor', 'observability.serviceMonitor'],
    ['imagePullSecrets', 'image.pullSecrets'],
    ['natsUrl', 'nats.urls'],
  ])('named %s fail with the new name %s', (old, renamed) => {
    expect(chart?.template({ set: { [old]: '1' } }).error).toContain(`The value ${old} is called ${renamed} now`);
  });
});
