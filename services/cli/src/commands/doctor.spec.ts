import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testKeys } from '@countersign/testing';
import { endingKeys, readiness } from './doctor.js';

describe('the doctor', () => {
  const servers: Server[] = [];
  const serve = async (status: number, body: string): Promise<string> => {
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/ready' ? status : 404).end(body);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  };
  let health: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const closed = await serve(200, '');
    await new Promise((resolve) => servers.pop()?.close(resolve));
    health = {
      budget: await serve(200, JSON.stringify({ ready: true, missing: [] })),
      policy: await serve(503, JSON.stringify({ ready: false, missing: ['postgresql', 'CFG_registry'] })),
      trust: await serve(200, 'not json'),
      audit: closed,
    };
  });
  afterAll(() => Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve)))));

  it('finds who is ready, who is not and why, and who does not answer', async () => {
    expect(await readiness(health)).toEqual([
      { what: 'budget', ok: true, detail: 'ready' },
      { what: 'policy', ok: false, detail: 'not ready: postgresql, CFG_registry' },
      { what: 'trust', ok: false, detail: 'does not answer' },
      { what: 'audit', ok: false, detail: 'does not answer' },
    ]);
  });
});

describe('the doctor looks at signing keys and', () => {
  const ends = Date.UTC(2027, 5, 1);
  const { bundleFile } = testKeys({ notAfter: new Date(ends).toISOString() });
  const DAY = 86_400_000;

  it('says nothing while they count for long', () => {
    expect(endingKeys(bundleFile, ends - 60 * DAY)).toEqual([]);
  });

  it('names those that end within 60 days, and those that have', () => {
    for (const now of [ends - 60 * DAY + 1, ends + DAY]) {
      const found = endingKeys(bundleFile, now);
      expect(found).toContainEqual({
        ...{ what: 'key of dispatcher', ok: false },
        detail: 'ends on 2027-06-01T00:00:00.000Z; change it (docs/guides/keys.md)',
      });
    }
  });
});
