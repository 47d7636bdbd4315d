import { Controller } from '@nestjs/common';
import {
  readModelKey,
  type AgentRef,
  type FinishedItem,
  type TaskKey,
  type TransitionItem,
} from '@countersign/contracts';
import { OnTransitions, type ReceivedItem } from '@countersign/bus';
import { ReadModels, TaskFacts } from '@countersign/service-host';
import { ConnectionsOf } from '../../application/connections-of.js';
import type { GrantUse } from '../../domain/least-privilege.js';
import { observeRejection, observeTask, type TaskParticipants } from '../../domain/observe-task.js';
import { usesOfResult, usesOfTask } from '../../domain/observe-use.js';
import { ObservationStore, type Attempt, type Observed } from '../out/observation.store.js';

type Received = ReceivedItem<TransitionItem>;
type Finished = ReceivedItem<FinishedItem>;

/** Records what transitions say of clients and targets: how tasks ended, what they used, and what people called unsafe. */
@Controller()
export class ObserveWhenTasksFinish {
  readonly #facts: TaskFacts;
  readonly #connections: ConnectionsOf;

  constructor(
    private readonly models: ReadModels,
    private readonly store: ObservationStore,
  ) {
    this.#facts = new TaskFacts(models);
    this.#connections = new ConnectionsOf(models.registry);
  }

  @OnTransitions('claimed', 'resulted', 'finished', 'approval')
  async observe(items: readonly Received[]): Promise<void> {
    const handOvers = items.flatMap((received) => this.#handOver(received));
    const timedOut = items.flatMap(({ item }) => (isTimeOut(item) ? [attemptOf(item)] : []));
    const known = await this.store.handedOver(timedOut);
    const handedOver = new Map([...known, ...handOvers.map((h): [string, number] => [nameOf(h), h.at])]);
    await this.store.record(this.#observed(items, handOvers, handedOver));
  }

  #observed(
    items: readonly Received[],
    handOvers: Observed['handOvers'],
    handedOver: ReadonlyMap<string, number>,
  ): Observed {
    const finished = items.flatMap(({ item, ...rest }): Finished[] =>
      item.type === 'finished' ? [{ item, ...rest }] : [],
    );
    const seen = finished.map(({ item, streamAt }) => ({
      item,
      streamAt,
      participants: this.#participants(item, handedOver),
    }));
    return {
      observations: seen.flatMap(({ item, participants, streamAt }) => observeTask(item, participants, streamAt)),
      uses: this.#uses(items),
      handOvers,
      ended: seen
        .filter(({ participants }) => participants.maxRunSeconds !== undefined)
        .map(({ item }) => attemptOf(item)),
      rejections: [
        ...items.flatMap(({ item }) => unsafeRejection(item)),
        ...seen.flatMap(({ item, participants, streamAt }) => {
          const draft = observeRejection(item, participants, streamAt);
          return draft === undefined ? [] : [{ ...attemptOf(item), unsafe: false, draft }];
        }),
      ],
    };
  }

  /** The newest use of each entry, with whether the client's side wrote the entry down itself. */
  #uses(items: readonly Received[]): Observed['uses'] {
    const newest = new Map<string, ReturnType<typeof usesOf>[number]>();
    for (const use of items.flatMap(({ item, streamAt }) => usesOf(item, streamAt)))
      newest.set(`${use.agent.org}/${use.agent.agent}/${use.kind}/${use.entry}`, use);
    return [...newest.values()].map((use) => ({ ...use, declared: this.#declares(use) }));
  }

  #declares({ agent, kind, entry }: ReturnType<typeof usesOf>[number]): boolean {
    if (this.#facts.agent(agent)?.surface[kind]?.includes(entry) === true) return true;
    return this.#connections.of('client', agent).some(({ connection }) => {
      const policy = this.models.policy.get(readModelKey.connection(agent.org, connection));
      return policy?.document[kind]?.includes(entry) === true;
    });
  }

  #participants(item: FinishedItem, handedOver: ReadonlyMap<string, number>): TaskParticipants {
    const { task, facts } = item;
    const client = { org: task.org, agent: task.agent };
    const target = facts.target === undefined ? undefined : this.#facts.agent(facts.target);
    return {
      clientOwner: this.#facts.agent(client)?.owner ?? '',
      targetOwner: target?.owner,
      maxRunSeconds: target?.surface.maxRunSeconds,
      handedOverAt: handedOver.get(nameOf(attemptOf(item))),
      shared: this.#connections.everShared(client),
    };
  }

  /** When a task was handed over matters only for a target that says how long it may take. */
  #handOver({ item, streamAt }: Received): Observed['handOvers'] {
    if (item.type !== 'claimed' || this.#facts.agent(item.to)?.surface.maxRunSeconds === undefined) return [];
    return [{ ...attemptOf(item), at: streamAt }];
  }
}

function attemptOf({ task, attempt }: TransitionItem): Attempt {
  const key: TaskKey = { org: task.org, agent: task.agent, task: task.id };
  return { key, attempt };
}

const nameOf = ({ key, attempt }: Attempt): string => `${key.org}/${key.agent}/${key.task}/${attempt}`;

function isTimeOut(item: TransitionItem): boolean {
  return item.type === 'finished' && item.state === 'EXPIRED' && item.code === 'RESULT_TIMEOUT';
}

function unsafeRejection(item: TransitionItem): Observed['rejections'] {
  return item.type === 'approval' && item.decision === 'REJECT' && item.unsafe === true
    ? [{ ...attemptOf(item), unsafe: true }]
    : [];
}

function usesOf(item: TransitionItem, at: number): readonly (GrantUse & { readonly agent: AgentRef })[] {
  const agent = { org: item.task.org, agent: item.task.agent };
  const uses = item.type === 'finished' ? usesOfTask(item, at) : item.type === 'resulted' ? usesOfResult(item, at) : [];
  return uses.map((use) => ({ agent, ...use }));
}
