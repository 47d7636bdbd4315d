import type { OuterAccount } from '@countersign/identity';
import type { COMMANDS, ParsedRequestOf, TaskKey } from '@countersign/contracts';

/** What the dispatcher is asked to block. */
export type BlockRequest = ParsedRequestOf<(typeof COMMANDS)['dispatcher']['block']>;

/** What a revoking command answers. */
export interface Revocation {
  readonly pending: boolean;
  readonly handedOver: TaskKey[];
}

/** Makes a block effective; what the dispatcher does not confirm within 2 s stays pending and is repeated until it does. */
export abstract class Blocks {
  abstract apply(requests: readonly BlockRequest[]): Promise<Revocation>;
}

/** Cuts connections of an agent or a person, now and again after whoever was half connected is in. */
export abstract class LiveConnections {
  abstract cut(id: string, account?: OuterAccount): Promise<void>;
}
