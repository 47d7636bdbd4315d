import { Injectable } from '@nestjs/common';
import type { Evaluation } from '@countersign/contracts';
import { Logger, Metrics } from '@countersign/telemetry';
import { isSixfoldRelease } from '../domain/sixfold-release.js';
import { evaluationText, RecordLookup } from './ports.js';

/**
 * Looks at every claim that is recorded: the chain has to hold the release of this very attempt and round with six verdicts. It reads what audit itself wrote, not what the
 * dispatcher says, so a hand-over without a decision is seen.
 */
@Injectable()
export class CheckEnforcement {
  constructor(
    private readonly record: RecordLookup,
    private readonly metrics: Metrics,
    private readonly logger: Logger,
  ) {}

  /** Checks claims that stand in the chain. */
  async of(claims: readonly Evaluation[]): Promise<void> {
    if (claims.length === 0) return;
    const decisions = await this.record.decisions(claims);
    for (const claim of claims) {
      const valid = isSixfoldRelease(decisions.get(evaluationText(claim)));
      this.metrics.add('countersign_enforcement_total', { valid: String(valid) });
      if (!valid)
        this.logger.error('a task was claimed without a release by six controls in its record', {
          task: claim.key,
          attempt: claim.attempt,
          round: claim.round,
        });
    }
  }
}
