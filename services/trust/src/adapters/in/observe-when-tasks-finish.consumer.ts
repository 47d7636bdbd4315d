import { Controller } from '@nestjs/common';
import type { FinishedItem, TransitionItem } from '@countersign/contracts';
import { OnTransitions, type ReceivedItem } from '@countersign/bus';
import { ReadModels, TaskFacts } from '@countersign/service-host';
import { observeTask, type ChargedObservation, type TaskParticipants } from '../../domain/observe-task.js';
import { ObservationStore } from '../out/observation.store.js';

/** Records what the end of a task says of its client and its target. */
@Controller()
export class ObserveWhenTasksFinish {
  readonly #facts: TaskFacts;

  constructor(
    models: ReadModels,
    private readonly store: ObservationStore,
  ) {
    this.#facts = new TaskFacts(models);
  }

  @OnTransitions()
  async observe(items: readonly ReceivedItem<TransitionItem>[]): Promise<void> {
    await this.store.add(
      items.flatMap(({ item, streamAt }): readonly ChargedObservation[] =>
        item.type === 'finished' ? observeTask(item, this.#participants(item), streamAt) : [],
      ),
    );
  }

  #participants({ task, facts }: FinishedItem): TaskParticipants {
    const client = this.#facts.agent({ org: task.org, agent: task.agent });
    const target = facts.target === undefined ? undefined : this.#facts.agent(facts.target);
    return {
      clientOwner: client?.owner ?? '',
      target: facts.target,
      targetOwner: target?.owner,
      maxRunSeconds: target?.surface.maxRunSeconds,
    };
  }
}
