import { Injectable } from '@nestjs/common';
import {
  UNAVAILABLE,
  type Screening,
  type ScreeningAnswer,
  type ScreeningJob,
} from '../domain/screening/screening-job.js';
import { BodyScreener, CanaryRegister } from './ports.js';

/** A body to be screened; what belongs to the way of screening is added here. */
export type BodyToScreen = Omit<ScreeningJob, 'canaries' | 'failed'> & { readonly taskCanary?: string };

/** Screens bodies, and asks whose the canaries are that they seem to hold: few bodies do, so only those cost a statement and a second run. */
@Injectable()
export class ScreenBodies {
  constructor(
    private readonly screener: BodyScreener,
    private readonly register: CanaryRegister,
  ) {}

  /** Screenings in the order of the bodies. Rejects when the register cannot be asked. */
  async screen(bodies: readonly BodyToScreen[]): Promise<readonly Screening[]> {
    const jobs = bodies.map(({ taskCanary, ...body }): ScreeningJob => ({
      ...body,
      canaries: taskCanary === undefined ? {} : { task: taskCanary },
      failed: {},
    }));
    const answers = await this.screener.screen(jobs);
    const hashes = answers.flatMap((answer) => (answer.kind === 'unknown-canaries' ? answer.canaries : []));
    if (hashes.length === 0) return answers.map(screeningOf);
    const known = await this.register.known([...new Set(hashes)]);
    const open = jobs.flatMap((job, i) => (answers[i]?.kind === 'unknown-canaries' ? [{ job, i }] : []));
    const again = await this.screener.screen(open.map(({ job }) => ({ ...job, canaries: { ...job.canaries, known } })));
    const found = new Map(open.map(({ i }, at) => [i, again[at]]));
    return answers.map((answer, i) => screeningOf(found.get(i) ?? answer));
  }
}

/** A second run that asks again has not been screened. */
function screeningOf(answer: ScreeningAnswer): Screening {
  return answer.kind === 'screened' ? answer.screening : UNAVAILABLE;
}
