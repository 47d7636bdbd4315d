import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSecret } from '@countersign/installation';
import { parseAllDocuments } from 'yaml';
import { kubernetesManifests } from '../kubernetes-manifests.js';
import { makeSecrets } from '../roles/secrets.js';
import { ClusterRefused } from './api-server.js';
import type { ClusterObject, ClusterObjects } from './cluster-objects.js';

/** All files of the installation; every other object is made of it, so that what breaks off half-way goes on with the same keys. */
const KEPT = 'countersign-installation';

/** What is made, and whom it belongs to: when that ConfigMap goes, everything goes. */
export interface ClusterSecrets {
  readonly cluster: ClusterObjects;
  readonly owner: string;
  /** `host:port` of PostgreSQL. */
  readonly database: string;
  /** An empty folder for the keys while they are made. */
  readonly folder: string;
  readonly now: number;
}

/** Makes the Secrets and ConfigMaps of an installation that are missing, and changes none; answers the names of those it made. */
export async function makeSecretsInCluster(request: ClusterSecrets): Promise<readonly string[]> {
  const { cluster, folder, database, now } = request;
  const owner = await ownerReference(request);
  const kept = await cluster.find('Secret', KEPT);
  if (kept !== undefined) unpack(kept, owner, folder);
  const installation = makeSecrets(folder, { database, now });
  const made: string[] = [];
  const create = async (object: ClusterObject): Promise<boolean> => {
    const owned = { ...object, metadata: { ...object.metadata, ownerReferences: [owner] } };
    const created = await cluster.create(owned);
    if (created) made.push(object.metadata.name);
    return created;
  };
  if (kept === undefined && !(await create(packed(folder))))
    throw new ClusterRefused(`the Secret ${KEPT} appeared in between: the next attempt goes on with it`);
  for (const document of parseAllDocuments(kubernetesManifests(folder, installation, cluster.namespace)))
    await create(document.toJS() as ClusterObject);
  return made;
}

interface OwnerReference {
  readonly apiVersion: 'v1';
  readonly kind: 'ConfigMap';
  readonly name: string;
  readonly uid: string;
}

async function ownerReference({ cluster, owner }: ClusterSecrets): Promise<OwnerReference> {
  const found = await cluster.find('ConfigMap', owner);
  const uid = found?.metadata['uid'];
  if (typeof uid !== 'string')
    throw new ClusterRefused(`there is no ConfigMap ${owner} that the Secrets could belong to`);
  return { apiVersion: 'v1', kind: 'ConfigMap', name: owner, uid };
}

function packed(folder: string): ClusterObject {
  const data = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('base64')] as const);
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: KEPT }, type: 'Opaque', data: Object.fromEntries(data) };
}

/** Puts the files back. Those of a release that is just being removed are not taken: they are about to go. */
function unpack(kept: ClusterObject, owner: OwnerReference, folder: string): void {
  const owners = kept.metadata['ownerReferences'] as readonly { readonly uid: string }[] | undefined;
  if (owners?.some(({ uid }) => uid === owner.uid) !== true)
    throw new ClusterRefused(`the Secret ${KEPT} belongs to an earlier release; remove it, or wait until it is gone`);
  for (const [name, text] of Object.entries(kept['data'] as Readonly<Record<string, string>>))
    writeSecret(join(folder, name), Buffer.from(text, 'base64').toString('utf8'));
}
