/** The bill of materials of the image in CycloneDX 1.6, from package-lock.json: exactly the packages that are copied. ADR 34 says why by hand. */
import { closureOf, isOwn, nameOf } from './closure.mjs';

/** A CycloneDX document; it is the same for the same lock file, so it has no time and no random serial number. */
export function billOfMaterials(lock, nodeVersion = process.versions.node) {
  const paths = closureOf(lock);
  const product = { type: 'application', name: 'countersign', version: lock.version, 'bom-ref': 'countersign' };
  const components = [node(nodeVersion), ...paths.map((path) => component(path, lock.packages[path], lock))];
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { ...product, licenses: [{ license: { id: 'Apache-2.0' } }] } },
    components,
  };
}

function node(version) {
  const purl = `pkg:generic/node@${version}`;
  return { type: 'platform', name: 'node', version, purl, 'bom-ref': purl, licenses: [{ license: { id: 'MIT' } }] };
}

function component(path, entry, lock) {
  const name = nameOf(path, entry);
  const version = entry.version ?? lock.version;
  const at = name.lastIndexOf('/');
  const [group, short] = at === -1 ? [undefined, name] : [name.slice(0, at), name.slice(at + 1)];
  const purl = `pkg:npm/${group === undefined ? '' : `${encodeURIComponent(group)}/`}${short}@${version}`;
  return {
    type: isOwn(path) ? 'application' : 'library',
    ...(group === undefined ? {} : { group }),
    name: short,
    version,
    purl,
    // a package may stand in the tree twice, at two versions or at two places
    'bom-ref': `${purl}#${path}`,
    licenses: [{ expression: entry.license ?? 'NOASSERTION' }],
    ...(entry.integrity === undefined ? {} : { hashes: [hash(entry.integrity)] }),
  };
}

function hash(integrity) {
  const [algorithm, value] = integrity.split(' ')[0].split('-');
  return { alg: algorithm.toUpperCase().replace('SHA', 'SHA-'), content: Buffer.from(value, 'base64').toString('hex') };
}
