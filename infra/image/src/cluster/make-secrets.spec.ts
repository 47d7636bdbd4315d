import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ClusterObjects, type ClusterKind, type ClusterObject } from './cluster-objects.js';
import { makeSecretsInCluster } from './make-secrets.js';

const OWNER = 'release-dev-secrets';
const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A namespace in memory; as Kubernetes does, it keeps `stringData` as `data`. */
class Namespace extends ClusterObjects {
  readonly namespace = 'trial';
  readonly objects = new Map<string, ClusterObject>();
  failAfter = Number.POSITIVE_INFINITY;

  constructor(ownerUid = 'uid-1') {
    super();
    this.owned(ownerUid);
  }

  owned(uid: string): void {
    this.objects.set(`ConfigMap/${OWNER}`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: OWNER, uid } });
  }

  override async find(kind: ClusterKind, name: string): Promise<ClusterObject | undefined> {
    return this.objects.get(`${kind}/${name}`);
  }

  override async create(object: ClusterObject): Promise<boolean> {
    const key = `${object.kind}/${object.metadata.name}`;
    if (this.objects.has(key)) return false;
    if (this.objects.size > this.failAfter) throw new Error('the API server went away');
    this.objects.set(key, object);
    return true;
  }
}

function make(cluster: Namespace): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-spec-'));
  folders.push(folder);
  return makeSecretsInCluster({ cluster, owner: OWNER, database: 'db:5432', folder, now: Date.UTC(2026, 10, 25) });
}

const SERVICES = ['registry', 'policy', 'guardrails', 'trust', 'budget', 'audit', 'dispatcher'];

describe('secrets for trying out', () => {
  it('are made as the chart mounts them, and belong to an object of the release', async () => {
    const cluster = new Namespace();
    const made = await make(cluster);
    expect(made).toEqual(
      expect.arrayContaining([
        ...SERVICES.map((name) => `countersign-${name}`),
        'countersign-operator',
        'countersign-provisioner',
        'countersign-admin',
        'countersign-migrate',
        'countersign-nats',
      ]),
    );
    for (const [key, { metadata }] of cluster.objects)
      if (key !== `ConfigMap/${OWNER}`)
        expect(metadata['ownerReferences']).toEqual([expect.objectContaining({ uid: 'uid-1' })]);
  });

  it('stay as they are when they are asked for again', async () => {
    const cluster = new Namespace();
    await make(cluster);
    const before = new Map(cluster.objects);
    expect(await make(cluster)).toEqual([]);
    expect(cluster.objects).toEqual(before);
  });

  it('go on with the same keys after they broke off half-way', async () => {
    const cluster = new Namespace();
    cluster.failAfter = 3;
    await expect(make(cluster)).rejects.toThrow('went away');
    const before = new Map(cluster.objects);
    cluster.failAfter = Number.POSITIVE_INFINITY;
    await make(cluster);
    for (const [key, object] of before) expect(cluster.objects.get(key)).toEqual(object);
    const trust = cluster.objects.get('ConfigMap/countersign-trust-bundle')?.['data'] as Record<string, string>;
    const kept = cluster.objects.get('Secret/countersign-installation')?.['data'] as Record<string, string>;
    expect(trust['trust-bundle.json']).toBe(Buffer.from(kept['trust-bundle.json'] ?? '', 'base64').toString('utf8'));
  });

  it('are not taken over from a release that is being removed', async () => {
    const cluster = new Namespace();
    await make(cluster);
    cluster.owned('uid-2');
    await expect(make(cluster)).rejects.toThrow('belongs to an earlier release');
  });

  it('are not made without an owner', async () => {
    const cluster = new Namespace();
    cluster.objects.clear();
    await expect(make(cluster)).rejects.toThrow(OWNER);
  });
});
