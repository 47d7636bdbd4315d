import { Injectable } from '@nestjs/common';
import { Metrics } from '@countersign/telemetry';
import { RegistryPublication } from './publication.js';
import { Blocks, LiveConnections, type BlockRequest, type Revocation } from './block.js';

/** What a revocation that stays pending counts as: beyond every objective. */
const PENDING_S = 60;

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
    private readonly metrics: Metrics,
  ) {}

  /** Carries a committed revocation through; `agents` are the ones whose connections are cut. */
  async effect(requests: readonly BlockRequest[], agents: readonly string[] = []): Promise<Revocation> {
    const began = performance.now();
    const published = await this.publication.now().then(
      () => true,
      () => false,
    );
    const blocked = await this.blocks.apply(requests);
    await Promise.all(agents.map((agent) => this.connections.cut(agent)));
    const pending = blocked.pending || !published;
    const took = (performance.now() - began) / 1000;
    // what is pending was not effective in time, however soon that was known
    this.metrics.observe('countersign_revocation_effective_seconds', pending ? Math.max(took, PENDING_S) : took);
    return { pending, handedOver: blocked.handedOver };
  }

  /** Lifts blocks; the dispatcher keeps the epochs. */
  async lift(requests: readonly BlockRequest[]): Promise<void> {
    await this.publication.now().catch(() => undefined);
    await this.blocks.apply(requests);
  }
}
