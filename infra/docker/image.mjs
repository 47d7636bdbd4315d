/** `npm run image`: builds the image with docker or buildah, on the upstream bases where they can be had, else on stand-ins; says which. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bootstrap, root } from '../local/bin/bootstrap.mjs';
import { duration, Explained, fail, say } from '../local/bin/shared/terminal.mjs';
import { needEngine, run } from './engine.mjs';
import { standIn } from './stand-in.mjs';

const HELP = `npm run image [-- options]

  Builds the image countersign:local, for every role.

  --tag <name>       another name
  --engine <name>    docker or buildah; the first that works when absent
  --stand-in         on bases made of this machine's files, without asking whether the upstream ones can be pulled
  --upstream         on the upstream bases or not at all
`;
const UPSTREAM = { BUILD_IMAGE: 'node:24.21.0-bookworm-slim', RUNTIME_IMAGE: 'gcr.io/distroless/cc-debian12:nonroot' };
export const DEFAULT_TAG = 'countersign:local';

async function main() {
  const { values } = parseArgs({
    options: {
      tag: { type: 'string', default: DEFAULT_TAG },
      engine: { type: 'string' },
      'stand-in': { type: 'boolean', default: false },
      upstream: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const engine = needEngine(values.engine);
  const began = Date.now();
  const bases = await basesOf(engine, values);
  const revision = run('git', ['-C', root, 'rev-parse', '--short=12', 'HEAD']).stdout.trim() || 'unknown';
  say(`build on ${bases.BUILD_IMAGE}, run on ${bases.RUNTIME_IMAGE}`);
  const file = join(root, 'infra', 'docker', 'Dockerfile');
  const built = engine.build({
    file,
    context: root,
    tag: values.tag,
    args: { ...bases, REVISION: revision },
    hostNetwork: bases !== UPSTREAM,
  });
  if (!built.ok) throw new Explained('The image could not be built; its builder says above why.');
  say(`${values.tag}: ${(engine.size(values.tag) / 1e6).toFixed(0)} MB, built in ${duration(Date.now() - began)}`);
}

/** The upstream bases where every one is here or can be pulled, else stand-ins. */
async function basesOf(engine, { 'stand-in': forced, upstream }) {
  if (!forced) {
    const missing = Object.values(UPSTREAM).find((image) => !engine.has(image) && !engine.pull(image).ok);
    if (missing === undefined) return UPSTREAM;
    if (upstream) throw new Explained(`The base ${missing} cannot be pulled.`);
    say(`the base ${missing} cannot be pulled: stand-ins are used`);
  }
  const context = { scratch: join(root, '.countersign', 'stand-in'), node: await bootstrap() };
  return { BUILD_IMAGE: standIn('build', engine, context), RUNTIME_IMAGE: standIn('runtime', engine, context) };
}

try {
  await main();
} catch (error) {
  fail(error);
}
