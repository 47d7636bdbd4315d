import { Injectable } from '@nestjs/common';
import type { TaskKey } from '@countersign/contracts';
import { Logger } from '@countersign/telemetry';
import {
  UNAVAILABLE,
  type Screening,
  type ScreeningAnswer,
  type ScreeningJob,
} from '../domain/screening/screening-job.js';
import { BodyScreener, CanaryRegister, type KnownCanary } from './ports.js';

/** A body to be screened; what belongs to the way of screening is added here. */
export type BodyToScreen = Omit<ScreeningJob, 'canaries' | 'failed'> & {
  readonly taskCanary?: string;
  /** The task that it belongs to; absent where somebody only tries. */
  readonly key?: TaskKey;
};

/** Screens bodies, and asks whose the canaries are that they seem to hold: few bodies do, so only those cost a statement and a second run. */
@Injectable()
export class ScreenBodies {
  constructor(
    private readonly screener: BodyScreener,
    private readonly register: CanaryRegister,
    private readonly logger: Logger,
  ) {}

  /** Screenings in the order of the bodies. Rejects when the register cannot be asked. */
  async screen(bodies: readonly BodyToScreen[]): Promise<readonly Screening[]> {
    const jobs = bodies.map(({ taskCanary, key: _key, ...body }): ScreeningJob => ({
      ...body,
      canaries: taskCanary === undefined ? {} : { task: taskCanary },
      failed: {},
    }));
    const answers = await this.screener.screen(jobs);
    const hashes = answers.flatMap((answer) => (answer.kind === 'unknown-canaries' ? answer.canaries : []));
    if (hashes.length === 0) return answers.map(screeningOf);
    const known = await this.register.known([...new Set(hashes)]);
    const open = jobs.flatMap((job, i) => (answers[i]?.kind === 'unknown-canaries' ? [{ job, i }] : []));
    for (const { i } of open) this.#tell(bodies[i]?.key, answers[i], known);
    const again = await this.screener.screen(
      open.map(({ job }) => ({ ...job, canaries: { ...job.canaries, known: known.map(({ hash }) => hash) } })),
    );
    const found = new Map(open.map(({ i }, at) => [i, again[at]]));
    return answers.map((answer, i) => screeningOf(found.get(i) ?? answer));
  }

  /** A leak is told to whoever watches; that of another organisation's canary to that organisation's too. */
  #tell(task: TaskKey | undefined, answer: ScreeningAnswer | undefined, known: readonly KnownCanary[]): void {
    if (task === undefined || answer?.kind !== 'unknown-canaries') return;
    const owners = new Set(known.filter(({ hash }) => answer.canaries.includes(hash)).map(({ org }) => org));
    if (owners.size > 0) this.logger.alert('CANARY_LEAK', { task });
    for (const org of owners) if (org !== task.org) this.logger.alert('CROSS_ORG_CANARY_LEAK', { org });
  }
}

/** A second run that asks again has not been screened. */
function screeningOf(answer: ScreeningAnswer): Screening {
  return answer.kind === 'screened' ? answer.screening : UNAVAILABLE;
}
