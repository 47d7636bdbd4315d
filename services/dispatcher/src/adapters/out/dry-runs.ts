import { Injectable } from '@nestjs/common';
import { COMMANDS, CONTROLS, type Control, type DryRunAnswer, type TaskKey } from '@countersign/contracts';
import { CommandClient } from '@countersign/bus';
import { Logger } from '@countersign/telemetry';

/** Less than an agent waits for its reply. */
const ANSWER_MS = 3_000;

/** Asks the controls what they would say. */
@Injectable()
export class DryRuns {
  constructor(
    private readonly commands: CommandClient,
    private readonly logger: Logger,
  ) {}

  /** Asks all six at once; who does not answer in time, or not as it should, is not in the answer. */
  async ask(task: TaskKey, envelope: string): Promise<ReadonlyMap<Control, DryRunAnswer>> {
    const answers = new Map<Control, DryRunAnswer>();
    await Promise.all(
      CONTROLS.map(async (control) => {
        try {
          const { dryRun } = COMMANDS[control];
          answers.set(control, await this.commands.call(dryRun, { task, envelope }, { timeoutMs: ANSWER_MS }));
        } catch (error) {
          this.logger.warn('a control did not answer a dry run', { control, error });
        }
      }),
    );
    return answers;
  }
}
