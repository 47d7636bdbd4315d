import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSameProcess, startThrowAwayPostgres } from '@countersign/local';

const LOOK_EVERY_MS = 200;
const MAX_CONNECTIONS = 200;

// A program of its own, because jest's workers come and go within a run: it keeps the cluster until the run has ended.
const [pid = '', identity = '', folder = ''] = process.argv.slice(2);
const runLives = (): boolean => isSameProcess(Number(pid), identity);

const server = await startThrowAwayPostgres({ fsync: false, maxConnections: MAX_CONNECTIONS });
mkdirSync(folder, { recursive: true, mode: 0o700 });
writeFileSync(join(folder, 'cluster.tmp'), JSON.stringify({ url: server.url }), { mode: 0o600 });
renameSync(join(folder, 'cluster.tmp'), join(folder, 'cluster.json'));
while (runLives() && server.running) await sleep(LOOK_EVERY_MS);
rmSync(folder, { recursive: true, force: true });
await server.stop();
