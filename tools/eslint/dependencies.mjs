/** The rule of dependency: services → sdk/platform → contract, never upward or sideways; within a service domain ← application ← adapters ← module. */
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const PROJECT = /^(?:libs|services|infra)\/[^/]+|^(?:bench|e2e)(?=\/)/;

/** What a project of a layer may import, by the tag `layer:*` of its package.json. A layer that is not listed may import nothing of ours. */
const MAY_IMPORT = {
  contract: ['contract'],
  platform: ['contract', 'platform'],
  sdk: ['contract', 'platform'],
  infra: ['contract', 'platform', 'sdk', 'infra'],
  testing: ['contract', 'platform', 'infra'],
  service: ['contract', 'platform'],
  tool: ['contract', 'platform', 'sdk', 'infra', 'testing'],
};

/** Folders of a service from the inside out: a file imports its own ring and those before it. */
const RINGS = ['domain', 'application', 'adapters', 'module'];

const messages = {
  escapes: '"{{source}}" leaves its project: import the package by name, or move what both need into a library',
  unknown: '"{{source}}" is no project of this workspace',
  layer: 'a project of layer {{from}} may not import one of layer {{to}} ("{{source}}")',
  ring: '{{from}} may not import {{to}} ("{{source}}"): domain ← application ← adapters ← module',
  testing: '"{{source}}" is for specs and e2e only',
};

/** ESLint rule `countersign/dependencies`. */
export const dependencies = {
  meta: { type: 'problem', docs: { description: 'who may import whom' }, messages, schema: [] },
  create(context) {
    const root = context.settings.countersign.root;
    const file = relative(root, context.filename).split(sep).join('/');
    const check = (node) => {
      const source = node?.source?.value;
      if (typeof source !== 'string') return;
      const broken = source.startsWith('.') ? relativeImport(file, source) : packageImport(root, file, source);
      if (broken !== undefined) context.report({ node, messageId: broken.id, data: { source, ...broken } });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};

function relativeImport(file, source) {
  const project = PROJECT.exec(file)?.[0];
  const target = relative('.', resolve(dirname(file), source))
    .split(sep)
    .join('/');
  if (project === undefined) return undefined;
  if (!target.startsWith(`${project}/`)) return { id: 'escapes' };
  if (!project.startsWith('services/') || isSpec(file)) return undefined;
  const [from, to] = [ringOf(file, project), ringOf(target, project)];
  if (from === undefined || to === undefined || RINGS.indexOf(to) <= RINGS.indexOf(from)) return undefined;
  // an adapter reads the configuration that stands beside the module
  if (from === 'adapters' && /\.config\.js$/.test(target)) return undefined;
  return { id: 'ring', from, to };
}

function packageImport(root, file, source) {
  const name = /^@countersign\/([a-z-]+)$/.exec(source)?.[1];
  const project = PROJECT.exec(file)?.[0];
  if (!source.startsWith('@countersign/') || project === undefined) return undefined;
  const target = ['libs', 'infra']
    .map((folder) => layerOf(root, `${folder}/${name}`))
    .find((layer) => layer !== undefined);
  if (target === undefined) return { id: 'unknown' };
  const from = layerOf(root, project);
  if (target === 'testing')
    return isSpec(file) || from === 'testing' || from === 'tool' ? undefined : { id: 'testing' };
  if (isSpec(file)) return undefined;
  return MAY_IMPORT[from]?.includes(target) ? undefined : { id: 'layer', from, to: target };
}

function ringOf(file, project) {
  const [folder, ...rest] = file.slice(`${project}/src/`.length).split('/');
  if (rest.length === 0) return 'module';
  if (folder === 'migrations') return 'adapters';
  return RINGS.includes(folder) ? folder : undefined;
}

function isSpec(file) {
  return /\.(?:spec|e2e)\.ts$/.test(file) || file.startsWith('e2e/');
}

const layers = new Map();

function layerOf(root, project) {
  if (!layers.has(project)) layers.set(project, readLayer(join(root, project, 'package.json')));
  return layers.get(project);
}

function readLayer(path) {
  try {
    const tags = JSON.parse(readFileSync(path, 'utf8')).nx?.tags ?? [];
    return tags.find((tag) => tag.startsWith('layer:'))?.slice('layer:'.length);
  } catch {
    return undefined;
  }
}
