import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Canary, probesOf, setUpCanary, TASK_TYPE, type CanaryFile } from '@countersign/canary';
import { COMMANDS } from '@countersign/contracts';
import { SystemClock, SystemRandom } from '@countersign/primitives';
import { NoMetrics, type Labels } from '@countersign/telemetry';
import { silentLogger } from '@countersign/testing';
import { startLocalSystem, type LocalRunningSystem } from './support/running-system.js';

jest.setTimeout(180_000);

/** Counts as the metrics port shows it. */
class Counted extends NoMetrics {
  readonly counts = new Map<string, number>();

  override add(name = '', labels: Labels = {}): void {
    const series = `${name}{expected="${labels['expected'] ?? ''}",outcome="${labels['outcome'] ?? ''}"}`;
    this.counts.set(series, (this.counts.get(series) ?? 0) + 1);
  }
}

describe('the canary', () => {
  let running: LocalRunningSystem;

  beforeAll(async () => {
    running = await startLocalSystem('canary');
  });

  afterAll(async () => {
    await running?.stop();
  });

  /** A canary that nobody knows anything of yet: what its intruder does costs it trust, which denies all that it sends from then on. */
  function setUp(): Promise<CanaryFile> {
    const { operator, system } = running;
    const [clock, random] = [new SystemClock(), new SystemRandom()];
    return setUpCanary({ commands: operator.commands, natsUrls: [system.run.nats], clock, random });
  }

  async function round(file: CanaryFile): Promise<{
    readonly counts: Readonly<Record<string, number>>;
    readonly unexpected: readonly string[];
  }> {
    const metrics = new Counted();
    const [clock, random] = [new SystemClock(), new SystemRandom()];
    const parts = { file, probes: probesOf(file), metrics, logger: silentLogger(), clock, random, patienceMs: 15_000 };
    const canary = await Canary.connect(parts);
    try {
      const sightings = await canary.round();
      const unexpected = sightings
        .filter(({ expected }) => !expected)
        .map(({ probe, outcome }) => `${probe}: ${outcome}`);
      return { counts: Object.fromEntries(metrics.counts), unexpected };
    } finally {
      await canary.close();
    }
  }

  it('counts what passes and what is denied, each for its own reason', async () => {
    expect(await round(await setUp())).toEqual({
      counts: {
        'countersign_canary_total{expected="allow",outcome="released"}': 1,
        'countersign_canary_total{expected="deny",outcome="denied"}': 5,
      },
      unexpected: [],
    });
  });

  it('counts as released what a policy let through that must be denied', async () => {
    const file = await setUp();
    const { commands } = running.operator;
    const { connections } = await commands.call(COMMANDS.registry.connectionList, { org: file.org });
    for (const { connection, target } of connections)
      if (target.agent === file.targets.echo)
        await commands.call(COMMANDS.policy.set, {
          scope: { kind: 'connection', org: file.org, connection },
          change: { taskTypes: [TASK_TYPE, 'canary_forbidden'] },
        });
    expect(await round(file)).toMatchObject({
      counts: {
        'countersign_canary_total{expected="deny",outcome="released"}': 1,
        'countersign_canary_total{expected="deny",outcome="denied"}': 4,
      },
      unexpected: ['forbidden type: released'],
    });
  });

  it('runs beside a system as a program of its own and tells its counts to whoever scrapes it', async () => {
    const metrics = await running.system.startCanary(1);
    const text = await (await fetch(metrics)).text();
    expect(text).toMatch(/^countersign_canary_total\{expected="allow",outcome="released"\} [1-9]/m);
    expect(text).toMatch(/^countersign_canary_total\{expected="deny",outcome="denied"\} [1-9]/m);
    expect(text).not.toMatch(/expected="deny",outcome="released"/);
  });
});
