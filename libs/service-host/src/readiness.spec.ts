import { afterEach, describe, expect, it } from '@jest/globals';
import { HealthServer } from './health-server.js';
import { Readiness } from './readiness.js';

let health: HealthServer | undefined;
afterEach(async () => {
  await health?.stop();
  health = undefined;
});

describe('readiness', () => {
  it('wants every condition, and names those that do not hold: one that says no, one that throws, one that rejects', async () => {
    const readiness = new Readiness();
    expect(await readiness.failing()).toEqual([]);
    readiness.add({ name: 'good', ready: () => true });
    readiness.add({ name: 'no', ready: () => false });
    readiness.add({
      name: 'throws',
      ready: () => {
        throw new Error('broken');
      },
    });
    readiness.add({ name: 'rejects', ready: () => Promise.reject(new Error('broken')) });
    expect(await readiness.failing()).toEqual(['no', 'throws', 'rejects']);
  });

  it('is waited for without the one condition that the waiting itself holds up, and not for ever', async () => {
    const readiness = new Readiness();
    let asked = 0;
    readiness.add({ name: 'start', ready: () => false });
    readiness.add({ name: 'third time', ready: () => (asked += 1) >= 3 });
    expect(await readiness.settled({ except: 'start', atMostMs: 60_000 })).toEqual([]);
    expect(asked).toBe(3);
    readiness.add({ name: 'no', ready: () => false });
    expect(await readiness.settled({ except: 'start', atMostMs: 100 })).toEqual(['no']);
  });

  it('never comes back once the process drains', async () => {
    const readiness = new Readiness();
    readiness.add({ name: 'good', ready: () => true });
    readiness.drain();
    expect(await readiness.failing()).toEqual(['draining']);
  });
});

async function ask(path: string): Promise<readonly [number, string]> {
  const response = await fetch(`http://127.0.0.1:${String(health?.port)}${path}`);
  return [response.status, await response.text()];
}

describe('the health endpoints', () => {
  it('tell live from ready, and what is missing', async () => {
    const readiness = new Readiness();
    let fresh = false;
    readiness.add({ name: 'read model registry', ready: () => fresh });
    health = await HealthServer.start({ host: '127.0.0.1', port: 0, readiness });
    expect(await ask('/live')).toEqual([200, '{"live":true}']);
    expect(await ask('/ready')).toEqual([503, '{"ready":false,"missing":["read model registry"]}']);
    fresh = true;
    expect(await ask('/ready')).toEqual([200, '{"ready":true,"missing":[]}']);
    readiness.drain();
    expect(await ask('/live')).toEqual([200, '{"live":true}']);
    expect(await ask('/ready')).toEqual([503, '{"ready":false,"missing":["draining"]}']);
    expect((await ask('/other'))[0]).toBe(404);
  });

  it('answer a scrape from the moment on at which it is known how', async () => {
    health = await HealthServer.start({ host: '127.0.0.1', port: 0, readiness: new Readiness() });
    expect((await ask('/metrics'))[0]).toBe(503);
    health.scrapeWith((_request, response) => void response.end('countersign_ready 1'));
    expect(await ask('/metrics')).toEqual([200, 'countersign_ready 1']);
  });
});
