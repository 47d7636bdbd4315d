import { join } from 'node:path';
import { COMMANDS } from '@countersign/contracts';
import { connect, type Agent } from '@countersign/agent-sdk';
import { SystemClock } from '@countersign/primitives';
import { LocalError } from '../local-error.js';
import { ProcessGroup } from '../processes.js';
import { connectAsPerson, connectOperator, type Operator } from '../system/operator.js';
import { natsServersOf } from '../system/run-file.js';
import { startAgents } from './agent-programs.js';
import { connectionsFrom, createDemoOrganisation, type DemoOrganisation } from './organisation.js';
import { readDemo } from './scenario.js';
import { lineOf } from './table.js';
import { scenarioFolder, type DemoStage } from './stage.js';
import { needsControl, TaskRun, type Commanding, type DemoOutcome } from './task-run.js';

/** What came of the demo. */
export interface DemoReport {
  readonly organisation: DemoOrganisation;
  readonly outcomes: readonly DemoOutcome[];
  readonly recordOk: boolean;
  readonly recordSize: number;
}

/** What the demo runs with. */
export interface DemoOptions {
  readonly stage: DemoStage;
  readonly report: (line: string) => void;
}

/** Agents in whose name this process submits. */
const CLIENTS = ['playground', 'apprentice', 'temp'] as const;
const PATIENCE_MS = 15_000;

/** A demo that has run; its agents serve on until it is closed. */
export interface Demo extends DemoReport {
  readonly close: () => Promise<void>;
}

/** Makes a fresh organisation, starts its agents as programs of their own, submits the tasks one after another, and verifies the record. */
export async function runDemo({ stage, report }: DemoOptions): Promise<Demo> {
  const operator = await connectOperator(stage.run);
  const group = await ProcessGroup.open({ pidFile: join(stage.folders.state, 'agent-pids.json'), report });
  try {
    const organisation = await createDemoOrganisation(operator.commands, {
      folders: stage.folders,
      natsUrls: natsServersOf(stage.run),
      now: new Date(new SystemClock().now()),
    });
    for (const [name, file] of organisation.credentials) stage.noteAgent?.(name, file);
    await startAgents(group, stage, organisation);
    const people = await connectPeople(organisation, stage);
    const outcomes = await submitAll(organisation, {
      stage,
      report,
      commands: operator.commands,
      people: people.map((person) => person.commands),
    }).finally(() => Promise.all(people.map((person) => person.close())));
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

async function connectPeople(organisation: DemoOrganisation, stage: DemoStage): Promise<readonly Operator[]> {
  return Promise.all([...organisation.people].map(([name, key]) => connectAsPerson(stage.run, key, name)));
}

async function submitAll(
  organisation: DemoOrganisation,
  { stage, report, ...commanding }: DemoOptions & Commanding,
): Promise<readonly DemoOutcome[]> {
  const clients = new Map<string, Agent>();
  try {
    for (const name of CLIENTS) clients.set(name, await connect(organisation.credentials.get(name) ?? ''));
    await Promise.all([...clients].map(([name, client]) => untilConnected(client, connectionsFrom(name))));
    const run = await TaskRun.open({ stage, organisation, clients, ...commanding });
    const outcomes: DemoOutcome[] = [];
    for (const task of readDemo(scenarioFolder(stage))) {
      if (stage.control === undefined && needsControl(task)) {
        report(`  ${task.name}: left out, it needs a process held still and these are not the demo's own`);
        continue;
      }
      const outcome = await run.one(task);
      outcomes.push(outcome);
      report(lineOf(outcome));
    }
    return outcomes;
  } finally {
    await Promise.all([...clients.values()].map((client) => client.close()));
  }
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
