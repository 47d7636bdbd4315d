import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_CAPACITY } from '@countersign/contracts';
import { ProvisioningMismatch } from '@countersign/bus';
import { provisionStreams } from '@countersign/installation';
import { readConfig, secretFile } from '@countersign/service-host';
import { z } from 'zod';

const PATIENCE_MS = 60_000;
const RETRY_MS = 1_000;

const settingsSchema = z.object({
  COUNTERSIGN_NATS_URL: z.string().min(1),
  COUNTERSIGN_NATS_SEED_FILE: secretFile(),
  /** Copies of each stream: 1 on a single server, 3 or 5 on a cluster. */
  COUNTERSIGN_STREAM_REPLICAS: z.coerce
    .number()
    .pipe(z.union([z.literal(1), z.literal(3), z.literal(5)]))
    .default(1),
});

/** Makes the streams and consumers that are missing. A cluster that has no leader yet is waited for; a stream that differs from what is wanted is not. */
export async function run(): Promise<void> {
  const settings = readConfig(settingsSchema, process.env);
  const capacity = { ...DEFAULT_CAPACITY, replicas: settings.COUNTERSIGN_STREAM_REPLICAS };
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await provisionStreams(settings.COUNTERSIGN_NATS_URL.split(','), settings.COUNTERSIGN_NATS_SEED_FILE, capacity);
      break;
    } catch (error) {
      if (error instanceof ProvisioningMismatch || performance.now() > until) throw error;
      await sleep(RETRY_MS);
    }
  }
  process.stdout.write(`streams and consumers are there, ${settings.COUNTERSIGN_STREAM_REPLICAS} copies each\n`);
}
