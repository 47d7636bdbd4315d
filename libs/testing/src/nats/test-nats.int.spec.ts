import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Bus } from '@countersign/bus';
import { streamSpecs } from '@countersign/contracts';
import { generateNatsKeys } from '@countersign/nats';
import { testNats, type TestNats } from './test-nats.js';

jest.setTimeout(60_000);

let nats: TestNats;
beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.stop());

describe('a nats-server for a test', () => {
  it('holds every stream of the product', async () => {
    const response = await fetch(`${nats.monitoringUrl}/jsz?streams=true&accounts=true`);
    const text = await response.text();
    expect(streamSpecs().filter(({ name }) => !text.includes(`"name": "${name}"`))).toEqual([]);
  });

  it('lets a service in with its own key, and nobody without', async () => {
    const bus = await nats.connect('policy');
    expect(bus.connected).toBe(true);
    const stranger = generateNatsKeys().control.policy.seed;
    await expect(Bus.connect({ servers: [nats.url], service: 'policy', nkeySeed: stranger })).rejects.toThrow(
      /authorization/i,
    );
  });
});
