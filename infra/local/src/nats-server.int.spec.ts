import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checksumOf } from './nats-server/release-archive.js';
import { debianMirrors } from './nats-server/apt-sources.js';
import { isAtLeast } from './nats-server/version.js';
import { obtainNatsServer, type ObtainedNatsServer } from './nats-server.js';

jest.setTimeout(60_000);

const NAME = 'nats-server-v2.15.1-linux-amd64';
const ARCHIVE = `/v2.15.1/${NAME}.tar.gz`;
const SUMS = '/v2.15.1/SHA256SUMS';
const TOOLS = ['/usr/local/bin', '/usr/bin', '/bin'].join(':');

let root = '';
let cacheDir = '';
let server: Server | undefined;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'countersign-nats-'));
  cacheDir = join(root, 'cache');
});

afterEach(async () => {
  const closing = server;
  server = undefined;
  closing?.closeAllConnections();
  await new Promise((resolve) => (closing === undefined ? resolve(undefined) : closing.close(resolve)));
  rmSync(root, { recursive: true, force: true });
});

/** A program that says of itself that it is a nats-server of this version. */
const fakeProgram = (folder: string, version: string): string => {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'nats-server');
  writeFileSync(path, `#!/bin/sh\necho "nats-server: v${version}"\n`, { mode: 0o755 });
  return path;
};

const fakeArchive = (version = '2.15.1'): Buffer => {
  fakeProgram(join(root, 'release', NAME), version);
  execFileSync('tar', ['-czf', join(root, 'archive.tar.gz'), '-C', join(root, 'release'), NAME]);
  return readFileSync(join(root, 'archive.tar.gz'));
};

const sums = (archive: Buffer): string => `${createHash('sha256').update(archive).digest('hex')}  ${NAME}.tar.gz\n`;

const listen = async (listener: RequestListener): Promise<string> => {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const address = started.address();
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${String(address.port)}` : '';
};

const serve = (files: Readonly<Record<string, Buffer | string>>): Promise<string> =>
  listen((request, response) => {
    const body = files[request.url ?? ''];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });

const fromRelease = (releases: string): Promise<ObtainedNatsServer> =>
  obtainNatsServer({ cacheDir, releases, platform: 'linux', arch: 'x64', sources: ['cache', 'release'] });

const leftovers = (): readonly string[] => readdirSync(cacheDir);

describe('a nats-server from the official release', () => {
  it('is used when it matches the checksum of its release, and is in the cache from then on', async () => {
    const archive = fakeArchive();
    const releases = await serve({ [SUMS]: sums(archive), [ARCHIVE]: archive });
    const first = await fromRelease(releases);
    const second = await fromRelease(releases);
    expect([first.source, second.source]).toEqual(['release', 'cache']);
    expect(second).toMatchObject({ path: first.path, version: '2.15.1' });
    expect(leftovers()).toEqual(['nats-server-2.15.1-linux-x64']);
  });

  it('is fetched once when many ask at the same time', async () => {
    const archive = fakeArchive();
    let transfers = 0;
    const releases = await listen((request, response) => {
      if (request.url === ARCHIVE) transfers += 1;
      response.writeHead(200).end(request.url === ARCHIVE ? archive : sums(archive));
    });
    const all = await Promise.all([1, 2, 3, 4].map(() => fromRelease(releases)));
    expect(new Set(all.map((one) => one.path)).size).toBe(1);
    expect(transfers).toBe(1);
  });

  it('is refused when its checksum is another', async () => {
    const archive = fakeArchive();
    const releases = await serve({ [SUMS]: sums(Buffer.from('other')), [ARCHIVE]: archive });
    await expect(fromRelease(releases)).rejects.toThrow(/its release says .*: not used/);
    expect(leftovers()).toEqual([]);
  });

  it('is refused when the release publishes no checksums', async () => {
    const releases = await serve({ [ARCHIVE]: fakeArchive() });
    await expect(fromRelease(releases)).rejects.toThrow(/SHA256SUMS: the server answered 404/);
    expect(leftovers()).toEqual([]);
  });

  it('is refused when the checksums do not list it', async () => {
    const releases = await serve({ [SUMS]: `${'0'.repeat(64)}  other.tar.gz\n`, [ARCHIVE]: fakeArchive() });
    await expect(fromRelease(releases)).rejects.toThrow(/does not list nats-server-v2\.15\.1-linux-amd64\.tar\.gz/);
  });

  it('is refused when there is none for this version', async () => {
    const releases = await serve({ [SUMS]: sums(Buffer.from('archive')) });
    await expect(fromRelease(releases)).rejects.toThrow(/tar\.gz: the server answered 404/);
    expect(leftovers()).toEqual([]);
  });

  it('leaves nothing behind when the transfer breaks off', async () => {
    const archive = fakeArchive();
    const releases = await listen((request, response) => {
      if (request.url === SUMS) return void response.end(sums(archive));
      response.writeHead(200, { 'content-length': archive.length });
      response.write(archive.subarray(0, archive.length / 2), () => response.destroy());
    });
    await expect(fromRelease(releases)).rejects.toThrow(/cannot fetch .*tar\.gz/);
    expect(leftovers()).toEqual([]);
  });

  it('is refused when the program inside is too old or does not run', async () => {
    const archive = fakeArchive('2.9.10');
    const releases = await serve({ [SUMS]: sums(archive), [ARCHIVE]: archive });
    await expect(fromRelease(releases)).rejects.toThrow(/only version 2\.9\.10/);
    expect(leftovers()).toEqual([]);
  });

  it('is not looked for on a platform that has none', async () => {
    const asked = obtainNatsServer({ cacheDir, platform: 'win32', arch: 'x64', sources: ['release'] });
    await expect(asked).rejects.toThrow(/no release for win32 on x64/);
  });
});

describe('a nats-server on PATH', () => {
  const onPath = (folders: readonly string[]): Promise<ObtainedNatsServer> =>
    obtainNatsServer({ cacheDir, env: { PATH: folders.join(':') }, sources: ['path', 'cache'] });

  it('is used when it is new enough', async () => {
    const path = fakeProgram(join(root, 'bin'), '2.12.0');
    expect(await onPath([join(root, 'bin')])).toEqual({ path, version: '2.12.0', source: 'path', passedOver: [] });
  });

  it('is passed over when it is old, in favour of a newer one further on', async () => {
    fakeProgram(join(root, 'old'), '2.9.10');
    const path = fakeProgram(join(root, 'new'), '2.15.1');
    expect((await onPath([join(root, 'old'), join(root, 'new')])).path).toBe(path);
  });

  it('is named with its version and the reason when it is passed over', async () => {
    fakeProgram(join(root, 'old'), '2.9.10');
    const archive = fakeArchive();
    const releases = await serve({ [SUMS]: sums(archive), [ARCHIVE]: archive });
    const platform = { platform: 'linux', arch: 'x64' } as const;
    const env = { PATH: join(root, 'old'), COUNTERSIGN_NATS_RELEASES: releases };
    const obtained = obtainNatsServer({ cacheDir, env, ...platform, sources: ['path', 'cache', 'go', 'release'] });
    expect((await obtained).passedOver).toEqual([
      `on PATH: ${join(root, 'old/nats-server')} is version 2.9.10; at least 2.12.0 is needed`,
      'fetched before: none has been fetched before',
      'built by Go: Go is not on PATH',
    ]);
  });

  it('or anywhere else, when there is none at all: the error says what to do', async () => {
    await expect(onPath([])).rejects.toThrow(/do one of these and start again: .*nats-server 2\.15\.1 on PATH/s);
  });
});

describe('a nats-server built by Go', () => {
  const withGo = (script: string): Promise<ObtainedNatsServer> => {
    mkdirSync(join(root, 'go'));
    writeFileSync(join(root, 'go/go'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return obtainNatsServer({ cacheDir, env: { PATH: `${join(root, 'go')}:${TOOLS}` }, sources: ['cache', 'go'] });
  };

  it('is installed in the pinned version into the cache alone', async () => {
    const program = fakeProgram(join(root, 'built'), '2.15.1');
    const asked = 'install github.com/nats-io/nats-server/v2@v2.15.1';
    const built = await withGo(`[ "$*" = "${asked}" ] && cp ${program} "$GOBIN/nats-server"`);
    expect(built).toMatchObject({ source: 'go', version: '2.15.1' });
    expect(leftovers()).toHaveLength(1);
  });

  it('is passed over with what Go said when it cannot be built', async () => {
    await expect(withGo('echo "dial tcp: no route to host" >&2; exit 1')).rejects.toThrow(/built by Go: .*no route/);
    expect(leftovers()).toEqual([]);
  });
});

describe('versions, checksums and package sources', () => {
  it.each([
    ['2.12.0', true],
    ['2.12.0-RC.1', true],
    ['2.15.1', true],
    ['3.0.0', true],
    ['2.11.9', false],
    ['2.9.10', false],
    ['nonsense', false],
  ])('version %s is good: %s', (version, good) => {
    expect(isAtLeast(version, '2.12.0')).toBe(good);
  });

  it('finds a checksum in text and binary notation, and only under the exact name', () => {
    const hash = 'AB'.repeat(32);
    expect(checksumOf(`${hash} *a.tar.gz\n`, 'a.tar.gz')).toBe(hash.toLowerCase());
    expect(checksumOf(`${hash}  a.tar.gz.sig\n${hash}  aa.tar.gz`, 'a.tar.gz')).toBeUndefined();
  });

  it("finds the machine's Debian archives in both notations", () => {
    mkdirSync(join(root, 'sources.list.d'));
    writeFileSync(
      join(root, 'sources.list'),
      'deb [arch=amd64 signed-by=/k.gpg] http://one.test/debian trixie main\n# deb http://x.test/debian sid main\n',
    );
    writeFileSync(
      join(root, 'sources.list.d/debian.sources'),
      'Types: deb\nURIs: http://two.test/debian\nSuites: trixie\nSigned-By: /usr/share/k.gpg\n\nTypes: deb\nURIs: http://two.test/debian-security\n',
    );
    expect(debianMirrors(root)).toEqual([
      { uri: 'http://one.test/debian', signedBy: '/k.gpg' },
      { uri: 'http://two.test/debian', signedBy: '/usr/share/k.gpg' },
    ]);
  });
});
