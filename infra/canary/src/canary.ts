import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Agent, type AnswerData } from '@countersign/agent-sdk';
import { uuidV7, type Clock, type Random } from '@countersign/primitives';
import type { Logger, Metrics } from '@countersign/telemetry';
import type { CanaryFile } from './birds.js';
import { isExpected, outcomeOf, type Outcome } from './outcome.js';
import type { Probe } from './probes.js';

const KNOWN_POLL_MS = 250;

/** What the canary works with. */
export interface CanaryParts {
  readonly file: CanaryFile;
  readonly probes: readonly Probe[];
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  /** How long an answer is waited for; the task's deadline too. */
  readonly patienceMs: number;
}

/** What one probe came to. */
export interface Sighting {
  readonly probe: string;
  readonly task: string;
  readonly outcome: Outcome;
  readonly expected: boolean;
}

/** Sends tasks that must pass and tasks that must not, answers what reaches it, and counts what came of them. */
export class Canary {
  readonly #reached = new Set<string>();

  private constructor(
    private readonly parts: CanaryParts,
    private readonly agents: { readonly caller: Agent; readonly intruder: Agent; readonly echo: Agent },
  ) {
    agents.echo.serve(({ envelope }) => {
      this.#reached.add(envelope.id);
      return { parts: [{ text: 'here' }] };
    });
  }

  /** Connects its three agents. */
  static async connect(parts: CanaryParts): Promise<Canary> {
    const { caller, intruder, echo } = parts.file.credentials;
    const [from, against, at] = await Promise.all([connect(caller), connect(intruder), connect(echo)]);
    return new Canary(parts, { caller: from, intruder: against, echo: at });
  }

  /** Waits until every task that must pass would: a new organisation is not known everywhere at once. Not for ever: of a system that denies everything the rounds shall tell. */
  async untilKnown(): Promise<void> {
    const until = performance.now() + this.parts.patienceMs;
    const passing = this.parts.probes.filter(({ expected }) => expected === 'allow');
    const passes = ({ from, task }: Probe): Promise<boolean> =>
      this.agents[from].check(task).then(
        ({ decision }) => decision === 'RELEASE',
        () => false,
      );
    while (performance.now() < until) {
      if ((await Promise.all(passing.map(passes))).every(Boolean)) return;
      await sleep(KNOWN_POLL_MS);
    }
  }

  /** Sends every probe once and counts each. Never rejects: what cannot be sent is counted as unanswered. */
  async round(): Promise<readonly Sighting[]> {
    const sightings = await Promise.all(this.parts.probes.map((probe) => this.#send(probe)));
    this.#reached.clear();
    return sightings;
  }

  /** Disconnects. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.agents).map((agent) => agent.close()));
  }

  async #send(probe: Probe): Promise<Sighting> {
    const { clock, random, metrics } = this.parts;
    const id = uuidV7(clock.now(), random);
    const answer = await this.#answer(probe, id);
    const seen = { answer, reached: this.#reached.has(id) };
    const outcome = outcomeOf(probe, seen);
    const expected = isExpected(probe, outcome, seen);
    metrics.add('countersign_canary_total', { expected: probe.expected, outcome });
    if (!expected) this.#tell(probe, id, { answer, outcome });
    return { probe: probe.name, task: id, outcome, expected };
  }

  async #answer({ from, task }: Probe, id: string): Promise<AnswerData | undefined> {
    const { clock, patienceMs } = this.parts;
    const deadline = new Date(clock.now() + patienceMs).toISOString();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), patienceMs);
    });
    try {
      return await Promise.race([this.agents[from].submit({ ...task, id, deadline }), late]);
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  #tell(
    { expected, from }: Probe,
    task: string,
    { answer, outcome }: { readonly answer: AnswerData | undefined; readonly outcome: Outcome },
  ): void {
    const { org, agent } = this.parts.file.credentials[from];
    const fields = {
      task: { org, agent, task },
      state: answer?.state ?? 'none',
      ...(answer?.code === undefined ? {} : { code: answer.code }),
    };
    if (expected === 'deny' && outcome === 'released')
      this.parts.logger.error('a task that must be denied was released', fields);
    else if (expected === 'allow') this.parts.logger.error('a task that must pass did not', fields);
    else this.parts.logger.warn('a task that must be denied was not denied for its reason', fields);
  }
}
