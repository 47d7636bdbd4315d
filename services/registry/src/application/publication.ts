/** Brings committed changes to the bus. */
export abstract class RegistryPublication {
  /** Publishes what is committed now; rejects when NATS does not take it (it is tried again by itself). */
  abstract now(): Promise<void>;
}
