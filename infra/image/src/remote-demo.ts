import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SystemClock, SystemRandom, uuidV7 } from '@countersign/primitives';
import { COMMANDS, type AnswerData } from '@countersign/contracts';
import { connect, type Agent } from '@countersign/agent-sdk';
import type { CommandClient } from '@countersign/bus';
import {
  connectOperator,
  createDemoOrganisation,
  inputOf,
  readDemo,
  surpriseOf,
  type DemoOrganisation,
  type DemoTask,
} from '@countersign/local';
import type { Attachment } from './run-file.js';
import { ROOT } from './programs.js';

const SERVING = ['reviewer', 'summariser', 'converter'] as const;
const PATIENCE_MS = 15_000;
/** Of the playground agent, as the scenario makes them. */
const CONNECTIONS = 5;

/** What the demo against a running installation needs. */
export interface RemoteDemo {
  readonly attachment: Attachment;
  /** For the credential files of its agents. */
  readonly folder: string;
  readonly report: (line: string) => void;
}

/** Runs the demo against an installation whose processes it cannot stop: the tasks that need a control frozen are left out, and said to be. */
export async function runRemoteDemo({ attachment, folder, report }: RemoteDemo): Promise<number> {
  const operator = await connectOperator(attachment);
  const agents: ChildProcess[] = [];
  try {
    const organisation = await createDemoOrganisation(operator.commands, {
      folders: { agents: folder },
      natsUrl: attachment.nats,
      now: new Date(new SystemClock().now()),
    });
    agents.push(
      ...(await Promise.all(SERVING.map((role) => startAgent(role, organisation.credentials.get(role) ?? '')))),
    );
    const surprises = await submitAll(organisation, { attachment, report });
    const record = await operator.commands.call(COMMANDS.audit.verify, { org: organisation.org });
    report(`the record of ${organisation.name} ${record.ok ? 'verifies' : 'does NOT verify'}: ${record.size} entries`);
    report(surprises === 0 ? 'all outcomes are the expected ones' : `${surprises} outcomes are NOT the expected ones`);
    return surprises === 0 && record.ok ? 0 : 1;
  } finally {
    for (const agent of agents) agent.kill('SIGTERM');
    await operator.close();
  }
}

async function submitAll(
  organisation: DemoOrganisation,
  { attachment, report }: Pick<RemoteDemo, 'attachment' | 'report'>,
): Promise<number> {
  const client = await connect(organisation.credentials.get('playground') ?? '');
  const approver = await connectOperator(attachment, organisation.approver);
  const demo = join(ROOT, 'infra', 'local', 'demo');
  let surprises = 0;
  try {
    await untilConnected(client);
    for (const task of readDemo(demo)) {
      if (task.freeze !== undefined || task.revoke) {
        report(`${task.name.padEnd(26)} left out: it needs control over processes`);
        continue;
      }
      const answer = await submit(client, task, { organisation, approver: approver.commands, demo });
      const surprise = surpriseOf(task, answer);
      if (surprise !== undefined) surprises += 1;
      report(
        `${task.name.padEnd(26)} ${answer.state.padEnd(10)} ${answer.code ?? ''}${surprise === undefined ? '' : `   ← ${surprise}`}`,
      );
    }
    return surprises;
  } finally {
    await client.close();
    await approver.close();
  }
}

async function submit(
  client: Agent,
  task: DemoTask,
  {
    organisation,
    approver,
    demo,
  }: { readonly organisation: DemoOrganisation; readonly approver: CommandClient; readonly demo: string },
): Promise<AnswerData> {
  // an agent that nobody knows has an id all the same
  const target = organisation.agents.get(task.to) ?? uuidV7(new SystemClock().now(), new SystemRandom());
  const onState = (answer: AnswerData): void => {
    if (task.approve && answer.state === 'AWAITING_APPROVAL')
      approve(approver, organisation.org, answer).catch(() => undefined);
  };
  return client.submit(inputOf(task, demo, target), { onState });
}

async function approve(approver: CommandClient, org: string, answer: AnswerData): Promise<void> {
  const { requests } = await approver.call(COMMANDS.dispatcher.approvals, { org });
  const request = requests.find((each) => each.task.task === answer.task);
  if (request === undefined) return;
  const { task, attempt, round, actionDigest } = request;
  await approver.call(COMMANDS.dispatcher.approve, {
    task,
    attempt,
    round,
    actionDigest,
    comment: 'approved by the demo',
  });
}

/** Starts an agent as a program of its own and waits until it serves. */
async function startAgent(role: string, credential: string): Promise<ChildProcess> {
  const program = join(ROOT, 'infra', 'local', 'dist', 'demo', 'agents', 'main.js');
  const agent = spawn(process.execPath, [program, role, credential], { stdio: ['ignore', 'pipe', 'inherit'] });
  const patience = AbortSignal.timeout(PATIENCE_MS);
  // it says one line, that it serves; a program that ends says nothing more
  await Promise.race([
    once(agent.stdout, 'data', { signal: patience }),
    once(agent, 'exit', { signal: patience }).then(() => {
      throw new Error(`the agent ${role} ended while it was starting`);
    }),
  ]);
  return agent;
}

/** Right after the connections were made the read models need a moment. */
async function untilConnected(agent: Agent): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until) {
    if ((await agent.peers().catch(() => [])).length >= CONNECTIONS) return;
    await sleep(50);
  }
  throw new Error('the connections of the demo did not become known in time');
}
