/** A screening worker with rule packs that misbehave in every way; only the spec of the pool starts it. */
import { parentPort, workerData } from 'node:worker_threads';
import { serveScreening } from '../dist/adapters/out/serve-screening.js';
import { detect } from '../dist/domain/detection/detect.js';

const HOSTILE = {
  hang: () => {
    for (;;);
  },
  crash: () => process.exit(1),
  grow: () => {
    const all = [];
    for (;;) all.push(new Array(100_000).fill(all.length));
  },
};

serveScreening(parentPort, workerData, (fields, packs, budget) => {
  const bad = Object.keys(HOSTILE).find(
    (name) => packs.includes(name) && fields.some(({ text }) => text.includes(`please ${name}`)),
  );
  if (bad !== undefined) HOSTILE[bad]();
  return detect(
    fields,
    packs.filter((name) => !(name in HOSTILE)),
    budget,
  );
});
