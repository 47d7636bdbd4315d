import { CONTROLS, COMMANDS, type AnswerData } from '@countersign/contracts';
import type { Agent, TaskInput } from '@countersign/agent-sdk';
import type { CommandClient } from '@countersign/bus';
import { SystemClock, SystemRandom, uuidV7 } from '@countersign/primitives';
import { LocalError } from '../local-error.js';
import { Approvals } from './approvals.js';
import type { DemoOrganisation } from './organisation.js';
import { inputOf, surpriseOf, type DemoTask } from './scenario.js';
import { scenarioFolder, type DemoStage, type ProcessControl } from './stage.js';

const PATIENCE_MS = 15_000;
const RECORD_MS = 3_000;

/** How a score fell while the demo ran, in hundredths. */
export interface Fallen {
  readonly before: number;
  readonly after: number;
}

/** What came of one task of the demo. */
export interface DemoOutcome {
  readonly task: DemoTask;
  readonly answer: AnswerData;
  readonly ms: number;
  readonly surprise: string | undefined;
  /** A dot per control in order: full where its verdict counted. */
  readonly verdicts: string;
  /** How many people approved it. */
  readonly approvals: number;
  readonly fallen?: Fallen;
}

/** The operator's commands, and those of people who may approve. */
export interface Commanding {
  readonly commands: CommandClient;
  readonly people: readonly CommandClient[];
}

/** What the tasks are submitted with. */
export interface TaskRunParts extends Commanding {
  readonly stage: DemoStage;
  readonly organisation: DemoOrganisation;
  readonly clients: ReadonlyMap<string, Agent>;
}

const newId = (): string => uuidV7(new SystemClock().now(), new SystemRandom());
const pause = (ms = 50): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The score of an agent now, in hundredths. Right after it was made the read models need a moment. */
async function scoreOf({ commands, organisation: { org } }: TaskRunParts, agent: string): Promise<number> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const shown = await commands.call(COMMANDS.trust.show, { org, agent }).catch((error: unknown) => {
      if (performance.now() > until) throw error;
    });
    if (shown !== undefined) return shown.breakdown.score;
    await pause();
  }
}

/** Whether a task needs a service held still while it is judged. */
export function needsControl(task: DemoTask): boolean {
  return task.freeze !== undefined || task.revoke;
}

/** One pass over the tasks. */
export class TaskRun {
  private constructor(
    private readonly parts: TaskRunParts,
    private readonly scores: ReadonlyMap<string, number>,
  ) {}

  /** Notes where the agents stand before anything happens. */
  static async open(parts: TaskRunParts): Promise<TaskRun> {
    const scores = new Map<string, number>();
    for (const [name, agent] of parts.organisation.agents) scores.set(name, await scoreOf(parts, agent));
    return new TaskRun(parts, scores);
  }

  /** Submits a task, does to it what the scenario says, and compares the outcome. */
  async one(task: DemoTask): Promise<DemoOutcome> {
    const { stage, organisation, clients } = this.parts;
    const client = clients.get(task.from);
    if (client === undefined) throw new LocalError('PROCESS_FAILED', `there is no client ${task.from}`);
    // an agent that nobody knows has an id all the same
    const target = organisation.agents.get(task.to) ?? newId();
    const input = inputOf(task, scenarioFolder(stage), target);
    const fallen = task.fallen === undefined ? undefined : await this.#fall(task.fallen);
    const began = performance.now();
    const approvals = new Approvals(this.parts, task.approve);
    const answer = await this.#submit(task, client, { ...input, onState: (state) => approvals.onState(state) });
    const ms = performance.now() - began;
    const given = await approvals.given();
    return {
      task,
      answer,
      ms,
      approvals: given,
      ...(fallen === undefined ? {} : { fallen }),
      surprise: surpriseOf(task, { ...answer, approvals: given }),
      verdicts: await this.#verdicts(client.id, answer),
    };
  }

  /** Waits until what an agent has done has cost it some of its score. */
  async #fall(name: string): Promise<Fallen> {
    const agent = this.parts.organisation.agents.get(name);
    const before = this.scores.get(name);
    if (agent === undefined || before === undefined)
      throw new LocalError('PROCESS_FAILED', `there is no agent ${name}`);
    const until = performance.now() + PATIENCE_MS;
    let after = before;
    while (after >= before && performance.now() < until) {
      after = await scoreOf(this.parts, agent);
      if (after >= before) await pause();
    }
    return { before, after };
  }

  async #submit(
    task: DemoTask,
    client: Agent,
    { onState, ...input }: TaskInput & { readonly onState: (answer: AnswerData) => void },
  ): Promise<AnswerData> {
    if (task.freeze !== undefined) return this.#frozen(task.freeze, () => client.submit(input, { onState }));
    if (!task.revoke) return client.submit(input, { onState });
    // revoked while the task is being judged: one control stands still until the revocation has returned
    return this.#frozen('guardrails', async () => {
      const { org } = this.parts.organisation;
      const id = newId();
      const submitted = client.submit({ ...input, id }).catch(() => undefined);
      await pause(250);
      await this.parts.commands.call(
        COMMANDS.registry.agentRevoke,
        { org, agent: client.id },
        { timeoutMs: PATIENCE_MS },
      );
      void submitted;
      return this.#endOf({ org, agent: client.id, task: id });
    });
  }

  /** A revoked agent hears nothing any more; its task's end is read as the operator reads it. */
  async #endOf(key: { readonly org: string; readonly agent: string; readonly task: string }): Promise<AnswerData> {
    this.#control().thaw('guardrails');
    const until = performance.now() + PATIENCE_MS;
    while (performance.now() < until) {
      const { rows } = await this.parts.commands.call(COMMANDS.dispatcher.tasks, {
        tasks: [{ task: key, attempt: 1 }],
      });
      const [row] = rows;
      if (row !== undefined && !['EVALUATING', 'RELEASING', 'CANCELLING'].includes(row.state))
        return {
          task: key.task,
          state: row.state,
          attempt: row.attempt,
          round: row.round,
          ...(row.code === undefined ? {} : { code: row.code }),
        };
      await pause();
    }
    throw new LocalError('PROCESS_FAILED', 'the revoked task did not end');
  }

  async #frozen(service: string, work: () => Promise<AnswerData>): Promise<AnswerData> {
    const control = this.#control();
    control.freeze(service);
    try {
      return await work();
    } finally {
      control.thaw(service);
      await control.untilReady(service);
    }
  }

  #control(): ProcessControl {
    const { control } = this.parts.stage;
    if (control === undefined) throw new LocalError('PROCESS_FAILED', 'no process can be held still here');
    return control;
  }

  /** The verdicts that the record names; it is written a moment after a denial was answered. */
  async #verdicts(agent: string, answer: AnswerData): Promise<string> {
    const until = performance.now() + RECORD_MS;
    for (;;) {
      const decided = await this.#decided(agent, answer.task);
      if (decided !== undefined || performance.now() > until)
        return CONTROLS.map((control) => (control in (decided ?? {}) ? '●' : '○')).join('');
      await pause(20);
    }
  }

  async #decided(agent: string, task: string): Promise<object | undefined> {
    const known = await this.parts.commands
      .call(COMMANDS.audit.explain, { task: { org: this.parts.organisation.org, agent, task } })
      .catch(() => undefined);
    const found = known?.part['entries'];
    const entries = Array.isArray(found)
      ? (found as { readonly header: { readonly type: string; readonly verdicts?: object } }[])
      : [];
    return entries.filter((e) => e.header.type === 'decided').at(-1)?.header.verdicts;
  }
}
