import type { Signer } from '@countersign/contracts';
import type { Migration } from '@countersign/store';
import type { z } from 'zod';

/** What a service says of itself in its main.ts. */
export interface ServiceDefinition<S extends z.ZodObject = z.ZodObject> {
  readonly service: Signer;
  /** Configuration keys beyond those of every service. */
  readonly config: S;
  /** Steps of the service's schema; at start only their presence is checked. */
  readonly migrations: readonly Migration[];
  /** Read models that have to be fresh to judge; default all that it reads. */
  readonly judgesBy?: readonly ('registry' | 'policy' | 'budget' | 'guardrails')[];
  /** How many requests of one agent are answered in 10 s, by the configuration; absent: what the bus takes for enough. */
  agentRequestsPer10s?(values: Readonly<Record<string, unknown>>): number;
  /** Audit judges tasks that come too late or are no envelope too: it records them. */
  readonly judgesLate?: boolean;
  readonly judgesInvalid?: boolean;
}

/** The configuration of this service, its own keys included. Inject it with the service's own config type. */
export abstract class ServiceConfig {
  abstract readonly values: Readonly<Record<string, unknown>>;
}
