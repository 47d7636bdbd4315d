import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decimalOfMicros, parseMicros, SystemClock, SystemRandom, uuidV7 } from '@countersign/primitives';
import { COMMANDS, CONTROLS, type AnswerData } from '@countersign/contracts';
import { connect, type Agent } from '@countersign/agent-sdk';
import type { CommandClient } from '@countersign/bus';
import { LocalError } from '../local-error.js';
import { ProcessGroup } from '../processes.js';
import type { LocalSystem } from '../system/local-system.js';
import { connectOperator } from '../system/operator.js';
import { createDemoOrganisation, type DemoOrganisation } from './organisation.js';
import { inputOf, readDemo, surpriseOf, type DemoTask } from './scenario.js';

/** What came of one task of the demo. */
export interface DemoOutcome {
  readonly task: DemoTask;
  readonly answer: AnswerData;
  readonly ms: number;
  readonly surprise: string | undefined;
  /** A dot per control in order: full where its verdict counted. */
  readonly verdicts: string;
}

/** What came of the demo. */
export interface DemoReport {
  readonly organisation: DemoOrganisation;
  readonly outcomes: readonly DemoOutcome[];
  readonly recordOk: boolean;
  readonly recordSize: number;
}

/** What the demo runs with. */
export interface DemoOptions {
  readonly system: LocalSystem;
  readonly report: (line: string) => void;
}

const SERVING = ['reviewer', 'summariser', 'converter'] as const;
const PATIENCE_MS = 15_000;
const RECORD_MS = 3_000;

/** A demo that has run; its agents serve on until it is closed. */
export interface Demo extends DemoReport {
  readonly close: () => Promise<void>;
}

/** Makes a fresh organisation, starts its agents as programs of their own, submits the tasks one after another, and verifies the record. */
export async function runDemo({ system, report }: DemoOptions): Promise<Demo> {
  const operator = await connectOperator(system.run);
  const group = await ProcessGroup.open({ pidFile: join(system.folders.state, 'agent-pids.json'), report });
  try {
    const organisation = await createDemoOrganisation(operator.commands, {
      folders: system.folders,
      natsUrl: system.run.nats,
      now: new Date(new SystemClock().now()),
    });
    for (const [name, file] of organisation.credentials) system.noteAgent(name, file);
    await Promise.all(SERVING.map((role) => startAgent(group, system, { role, organisation })));
    const approver = await connectOperator(system.run, organisation.approver);
    const outcomes = await submitAll(organisation, {
      system,
      report,
      commands: operator.commands,
      approver: approver.commands,
    }).finally(() => approver.close());
    const verified = await operator.commands.call(COMMANDS.audit.verify, { org: organisation.org });
    return {
      organisation,
      outcomes,
      recordOk: verified.ok,
      recordSize: verified.size,
      close: () => group.drain(),
    };
  } catch (error) {
    await group.drain();
    throw error;
  } finally {
    await operator.close();
  }
}

/** The operator's commands, and those of a person who may approve. */
interface Commanding {
  readonly commands: CommandClient;
  readonly approver: CommandClient;
}

async function submitAll(
  organisation: DemoOrganisation,
  { system, report, ...commanding }: DemoOptions & Commanding,
): Promise<readonly DemoOutcome[]> {
  const clients: Agent[] = [];
  try {
    const playground = await connect(organisation.credentials.get('playground') ?? '');
    clients.push(playground);
    const temp = await connect(organisation.credentials.get('temp') ?? '');
    clients.push(temp);
    await untilConnected(playground, 5);
    const run = new DemoRun(system, commanding, organisation, { playground, temp });
    const outcomes: DemoOutcome[] = [];
    for (const task of readDemo(join(system.folders.project, 'infra', 'local', 'demo'))) {
      const outcome = await run.one(task);
      outcomes.push(outcome);
      report(line(outcome));
    }
    return outcomes;
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

/** The head of the table of outcomes. */
export const DEMO_HEADER = `${'TASK'.padEnd(24)} ${'FROM → TO'.padEnd(25)} ${CONTROLS.map((c) => c[0]).join('')}     ${'OUTCOME'.padEnd(10)} ${'REASON'.padEnd(28)} ${'MS'.padStart(6)}  COST`;

function line({ task, answer, ms, surprise, verdicts }: DemoOutcome): string {
  const cost = answer.chargedMicros === undefined ? '' : decimalOfMicros(parseMicros(answer.chargedMicros));
  const mark = surprise === undefined ? '' : `   ← ${surprise}`;
  return `${task.name.padEnd(24)} ${`${task.from} → ${task.to}`.padEnd(25)} ${verdicts.padEnd(10)} ${answer.state.padEnd(10)} ${(answer.code ?? '').padEnd(28)} ${String(Math.round(ms)).padStart(6)}  ${cost}${mark}`;
}

/** Right after the connections were made the read models need a moment. */
async function untilConnected(agent: Agent, connections: number): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until) {
    if ((await agent.peers().catch(() => [])).length >= connections) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new LocalError('PROCESS_FAILED', 'the connections of the demo did not become known in time');
}

async function startAgent(
  group: ProcessGroup,
  system: LocalSystem,
  { role, organisation }: { readonly role: string; readonly organisation: DemoOrganisation },
): Promise<void> {
  const logFile = join(system.folders.logs, `agent-${organisation.name}-${role}.log`);
  const program = join(system.folders.project, 'infra', 'local', 'dist', 'demo', 'agents', 'main.js');
  await group.start({
    name: `agent ${role}`,
    command: process.execPath,
    args: [program, role, organisation.credentials.get(role) ?? ''],
    env: { PATH: process.env['PATH'] ?? '' },
    logFile,
  });
  const until = performance.now() + PATIENCE_MS;
  while (!(existsSync(logFile) && readFileSync(logFile, 'utf8').includes('serving'))) {
    if (performance.now() > until)
      throw new LocalError('PROCESS_FAILED', `agent ${role} did not start to serve; see ${logFile}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** One pass over the tasks. */
class DemoRun {
  constructor(
    private readonly system: LocalSystem,
    private readonly as: Commanding,
    private readonly organisation: DemoOrganisation,
    private readonly clients: Readonly<Record<string, Agent>>,
  ) {}

  /** Submits a task, does to it what the scenario says, and compares the outcome. */
  async one(task: DemoTask): Promise<DemoOutcome> {
    const client = this.clients[task.from] ?? this.clients['playground'];
    if (client === undefined) throw new LocalError('PROCESS_FAILED', `there is no client ${task.from}`);
    // an agent that nobody knows has an id all the same
    const target = this.organisation.agents.get(task.to) ?? uuidV7(new SystemClock().now(), new SystemRandom());
    const input = inputOf(task, join(this.system.folders.project, 'infra', 'local', 'demo'), target);
    const began = performance.now();
    const answer = await this.#submit(task, client, input);
    return {
      task,
      answer,
      ms: performance.now() - began,
      surprise: surpriseOf(task, answer),
      verdicts: await this.#verdicts(client.id, answer),
    };
  }

  async #submit(task: DemoTask, client: Agent, input: Parameters<Agent['submit']>[0]): Promise<AnswerData> {
    const onState = (answer: AnswerData): void =>
      void (task.approve && answer.state === 'AWAITING_APPROVAL'
        ? this.#approve(answer).catch(() => undefined)
        : undefined);
    if (task.freeze !== undefined) return this.#frozen(task.freeze, () => client.submit(input, { onState }));
    if (!task.revoke) return client.submit(input, { onState });
    // revoked while the task is being judged: one control stands still until the revocation has returned
    return this.#frozen('guardrails', async () => {
      const id = uuidV7(new SystemClock().now(), new SystemRandom());
      const submitted = client.submit({ ...input, id }).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 250));
      await this.as.commands.call(
        COMMANDS.registry.agentRevoke,
        { org: this.organisation.org, agent: client.id },
        { timeoutMs: 15_000 },
      );
      void submitted;
      return this.#endOf({ org: this.organisation.org, agent: client.id, task: id });
    });
  }

  /** A revoked agent hears nothing any more; its task's end is read as the operator reads it. */
  async #endOf(key: { readonly org: string; readonly agent: string; readonly task: string }): Promise<AnswerData> {
    this.system.services.get('guardrails')?.kill('SIGCONT');
    const until = performance.now() + PATIENCE_MS;
    while (performance.now() < until) {
      const { rows } = await this.as.commands.call(COMMANDS.dispatcher.tasks, { tasks: [{ task: key, attempt: 1 }] });
      const [row] = rows;
      if (row !== undefined && !['EVALUATING', 'RELEASING', 'CANCELLING'].includes(row.state))
        return {
          task: key.task,
          state: row.state,
          attempt: row.attempt,
          round: row.round,
          ...(row.code === undefined ? {} : { code: row.code }),
        };
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new LocalError('PROCESS_FAILED', 'the revoked task did not end');
  }

  async #frozen(service: string, work: () => Promise<AnswerData>): Promise<AnswerData> {
    const frozen = this.system.services.get(service);
    frozen?.kill('SIGSTOP');
    try {
      return await work();
    } finally {
      frozen?.kill('SIGCONT');
      await frozen?.untilReady(this.system.run.services[service]?.health.concat('/ready') ?? '');
    }
  }

  async #approve(answer: AnswerData): Promise<void> {
    const { requests } = await this.as.approver.call(COMMANDS.dispatcher.approvals, { org: this.organisation.org });
    const request = requests.find((r) => r.task.task === answer.task);
    if (request === undefined) return;
    const { task, attempt, round, actionDigest } = request;
    await this.as.approver.call(COMMANDS.dispatcher.approve, {
      task,
      attempt,
      round,
      actionDigest,
      comment: 'approved by the demo',
    });
  }

  /** The verdicts that the record names; it is written a moment after a denial was answered. */
  async #verdicts(agent: string, answer: AnswerData): Promise<string> {
    const until = performance.now() + RECORD_MS;
    for (;;) {
      const decided = await this.#decided(agent, answer.task);
      if (decided !== undefined || performance.now() > until)
        return CONTROLS.map((control) => (control in (decided ?? {}) ? '●' : '○')).join('');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #decided(agent: string, task: string): Promise<object | undefined> {
    const known = await this.as.commands
      .call(COMMANDS.audit.explain, { task: { org: this.organisation.org, agent, task } })
      .catch(() => undefined);
    const found = known?.part['entries'];
    const entries = Array.isArray(found)
      ? (found as { readonly header: { readonly type: string; readonly verdicts?: object } }[])
      : [];
    return entries.filter((e) => e.header.type === 'decided').at(-1)?.header.verdicts;
  }
}
