import { DEFAULT_CAPACITY, type Capacity } from '@countersign/contracts';
import { Bus, provision } from '@countersign/bus';

/** Makes the streams and consumers that are missing, as the user `provisioner`; rejects when one that is there differs from what is wanted. */
export async function provisionStreams(
  servers: readonly string[],
  nkeySeed: string,
  capacity: Capacity = DEFAULT_CAPACITY,
): Promise<void> {
  const bus = await Bus.connect({ servers: [...servers], service: 'provisioner', nkeySeed });
  try {
    await provision(bus.jsm, capacity);
  } finally {
    await bus.drain();
  }
}
