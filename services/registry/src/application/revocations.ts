import { Injectable } from '@nestjs/common';
import { RegistryPublication } from './publication.js';
import { Blocks, LiveConnections, type BlockRequest, type Revocation } from './block.js';

/**
 * The order that makes a revocation effective: committed (by the caller) → read model on the bus → block at the dispatcher → live connections cut → answer.
 * What the dispatcher does not confirm in time is answered as pending and repeated; the stale or changed read model denies meanwhile.
 */
@Injectable()
export class Revocations {
  constructor(
    private readonly publication: RegistryPublication,
    private readonly blocks: Blocks,
    private readonly connections: LiveConnections,
  ) {}

  /** Carries a committed revocation through; `agents` are the ones whose connections are cut. */
  async effect(requests: readonly BlockRequest[], agents: readonly string[] = []): Promise<Revocation> {
    const published = await this.publication.now().then(
      () => true,
      () => false,
    );
    const blocked = await this.blocks.apply(requests);
    await Promise.all(agents.map((agent) => this.connections.cut(agent)));
    return { pending: blocked.pending || !published, handedOver: blocked.handedOver };
  }

  /** Lifts blocks; the dispatcher keeps the epochs. */
  async lift(requests: readonly BlockRequest[]): Promise<void> {
    await this.publication.now().catch(() => undefined);
    await this.blocks.apply(requests);
  }
}
