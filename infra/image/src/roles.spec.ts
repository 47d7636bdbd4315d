import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SERVICES } from '@countersign/installation';
import { run as health } from './roles/health.js';
import { run as migrate } from './roles/migrate.js';
import { ROLES, roleNamed, SERVICE_ROLES, usage } from './roles.js';
import { tell } from './tell.js';
import { UsageError } from './usage-error.js';

describe('the image', () => {
  it('can be every service and what an installation needs beside them', () => {
    expect(SERVICE_ROLES).toEqual(SERVICES);
    expect(ROLES.map(({ name }) => name)).toEqual([
      ...SERVICES,
      'canary',
      'canary-setup',
      'roles',
      'migrate',
      'provision',
      'secrets',
      'rotate-key',
      'secrets-in-cluster',
      'nats-config',
      'cs',
      'health',
      'demo',
      'selftest',
    ]);
  });

  it('refuses to start without a role, and names them', () => {
    expect(() => roleNamed(undefined)).toThrow(UsageError);
    for (const { name } of ROLES) expect(usage()).toContain(`  ${name}`);
  });

  it('refuses a role that is none, by name', () => {
    expect(() => roleNamed('polcy')).toThrow('there is no role "polcy"');
    expect(() => roleNamed('__proto__')).toThrow(UsageError);
  });

  it('ends cleanly when a service or the canary is stopped before it has begun, and not when a job is', () => {
    const clean = ROLES.filter(({ endsCleanly }) => endsCleanly).map(({ name }) => name);
    expect(clean).toEqual([...SERVICES, 'canary']);
  });
});

describe('what went wrong', () => {
  const told = (error: unknown): readonly [number, string] => {
    let text = '';
    const code = tell(error, (part) => void (text += part));
    return [code, text];
  };

  it('is 2 for wrong usage and 1 for anything else', () => {
    expect(told(new UsageError('no'))).toEqual([2, 'countersign: no\n']);
    expect(told(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))).toEqual([1, 'countersign: refused\n']);
  });

  it('shows where a defect is', () => {
    expect(told(new TypeError('x is undefined'))[1]).toContain('roles.spec');
  });
});

describe('health', () => {
  const before = process.env['COUNTERSIGN_HEALTH_PORT'];
  afterEach(() => {
    if (before === undefined) delete process.env['COUNTERSIGN_HEALTH_PORT'];
    else process.env['COUNTERSIGN_HEALTH_PORT'] = before;
  });

  it.each([
    [200, 0],
    [503, 1],
  ])('of a service that answers %i is exit code %i', async (status, code) => {
    const server = createServer((_request, response) => void response.writeHead(status).end('{}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    process.env['COUNTERSIGN_HEALTH_PORT'] = String((server.address() as AddressInfo).port);
    try {
      expect(await health()).toBe(code);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('of a service that does not answer is exit code 1', async () => {
    process.env['COUNTERSIGN_HEALTH_PORT'] = '1';
    expect(await health()).toBe(1);
  });
});

describe('migrate', () => {
  it('refuses a service that is none before it touches a schema', async () => {
    await expect(migrate(['policy', 'polcy'])).rejects.toThrow('there is no service "polcy" to migrate');
  });

  it('refuses to guess where the URLs are', async () => {
    await expect(migrate([])).rejects.toThrow('COUNTERSIGN_MIGRATE_URL_DIR: is missing');
  });
});

describe('the program', () => {
  it('is quick to say what it can be: it loads no service for that', () => {
    // a child, because the program ends its process; the compiled one is there once the project is built
    const program = new URL('../dist/main.js', import.meta.url).pathname;
    const result = spawnSync(process.execPath, [program], { encoding: 'utf8' });
    expect([result.status, result.stdout]).toEqual([2, '']);
    expect(result.stderr).toContain('give a role as the first argument');
  });
});
