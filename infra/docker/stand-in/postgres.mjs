#!/usr/local/bin/node
/** Stands where the official image of PostgreSQL has its entry script: makes the cluster once, with the superuser's password from POSTGRES_PASSWORD_FILE, and serves. */
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

const data = process.env.PGDATA ?? '/var/lib/postgresql/18/docker';
const [program = 'postgres', ...args] = process.argv.slice(2);

if (!existsSync(join(data, 'PG_VERSION'))) {
  const made = spawnSync(
    'initdb',
    [
      '-D',
      data,
      '-U',
      'postgres',
      '--auth=scram-sha-256',
      '-E',
      'UTF8',
      '--locale=C',
      `--pwfile=${process.env.POSTGRES_PASSWORD_FILE}`,
    ],
    { stdio: 'inherit' },
  );
  if (made.status !== 0) process.exit(made.status ?? 1);
  appendFileSync(join(data, 'pg_hba.conf'), 'host all all all scram-sha-256\n');
}
const sockets = ['-c', 'listen_addresses=*', '-c', 'unix_socket_directories=/var/run/postgresql'];
const server = spawn(program, ['-D', data, ...sockets, ...args], { stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => server.kill('SIGINT'));
server.once('exit', (code) => process.exit(code ?? 1));
