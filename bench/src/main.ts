import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { round } from './closed-loop.js';
import { measureProduct, type MeasuredProduct } from './product.js';
import { measureReference, type Load } from './reference/measure.js';
import { startTraceSink } from './trace-sink.js';

const HELP = `npm run bench [-- options]

  Runs a bare bus of the same shape and the whole product in turn, on this machine, on loopback only, and tells their ratio.

  --json FILE     also write the figures there
  --tasks N       tasks measured of each (default 10000 of the reference and of the product, after 4000 that are not)
  --in-flight N   tasks open at the same time (default 200)
  --rounds N      how often both are run; the best of each counts (default 2)
  --trace LIST    also run the product with these shares of tasks traced, such as 0.01,1
  --help          this text
`;

/** Tasks before the measured ones: through the first thousands the engine still compiles, up to a fifth of all CPU; a service runs for weeks. */
const WARM_UP = 4_000;

const project = join(fileURLToPath(import.meta.url), '..', '..', '..');
const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    tasks: { type: 'string', default: '10000' },
    'in-flight': { type: 'string', default: '200' },
    rounds: { type: 'string', default: '2' },
    trace: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else await main();

async function main(): Promise<void> {
  const load = {
    tasks: positive('--tasks', values.tasks),
    warmUp: WARM_UP,
    inFlight: positive('--in-flight', values['in-flight']),
    bytes: 800,
  };
  const rounds = positive('--rounds', values.rounds);
  const shares = values.trace.split(',').filter(Boolean).map(share);
  const results = [];
  for (let i = 1; i <= rounds; i += 1) {
    const reference = await measureReference(load, join(project, '.countersign', 'cache'));
    say(`reference ${i}`, reference);
    const product = await measureProduct(load, project);
    say(`product ${i}`, product);
    const traced = shares.length === 0 ? {} : await measureTraced(load, shares);
    for (const [share, measured] of Object.entries(traced)) say(`product ${i} with ${share} traced`, measured);
    results.push({ reference, product, traced });
  }
  const reference = best(results.map((result) => result.reference));
  const product = best(results.map((result) => result.product));
  const ratio = round(product.tasksPerSecond / reference.tasksPerSecond, 3);
  process.stdout.write(`ratio of throughput, product to reference: ${ratio}\n`);
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: round(totalmem() / 2 ** 30, 1),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
  if (values.json !== undefined)
    writeFileSync(
      values.json,
      `${JSON.stringify({ machine, load, reference, product, ratio, rounds: results }, null, 2)}\n`,
    );
}

/** The product with these shares of its tasks traced, one run a share. */
async function measureTraced(
  load: Load,
  shares: readonly number[],
): Promise<Readonly<Record<string, MeasuredProduct>>> {
  const sink = await startTraceSink();
  try {
    const measured: Record<string, MeasuredProduct> = {};
    for (const ratio of shares) measured[String(ratio)] = await measureProduct(load, project, sink.env(ratio));
    return measured;
  } finally {
    await sink.stop();
  }
}

function best<T extends { readonly tasksPerSecond: number }>(all: readonly T[]): T {
  const [first, ...rest] = all;
  if (first === undefined) throw new Error('nothing was measured');
  return rest.reduce((a, b) => (b.tasksPerSecond > a.tasksPerSecond ? b : a), first);
}

function say(what: string, figures: object): void {
  process.stdout.write(`${what}: ${JSON.stringify(figures)}\n`);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${name} takes a positive whole number, not ${text}`);
}

function share(text: string): number {
  const value = Number(text);
  if (value >= 0 && value <= 1) return value;
  throw new Error(`--trace takes numbers from 0 to 1, not ${text}`);
}
