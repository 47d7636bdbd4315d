import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Canary, probesOf, setUpCanary, TASK_TYPE, type CanaryFile } from '@countersign/canary';
import { COMMANDS } from '@countersign/contracts';
import { SystemClock, SystemRandom } from '@countersign/primitives';
import { NoMetrics, type Labels } from '@countersign/telemetry';
import { silentLogger } from '@countersign/testing';
import { startLocalSystem, type LocalRunningSystem } from './support/running-system.js';

jest.setTimeout(180_000);

const PROGRAM = join(import.meta.dirname, '..', 'infra', 'image', 'dist', 'main.js');

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
      await canary.untilKnown();
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
    // from nothing to one would be no increase to whoever watches for it
    expect(text).toMatch(/^countersign_canary_total\{expected="deny",outcome="released"\} 0$/m);
  });

  /** As the chart and the composition run it: two roles of the image, told by variables. */
  describe('in the image', () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-canary-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const fileOf = (name: string): string => join(folder, name);

    async function setUpInImage(file: string): Promise<string> {
      const { nats, operator } = running.system.run;
      const env = {
        PATH: process.env['PATH'] ?? '',
        COUNTERSIGN_NATS_URL: nats,
        COUNTERSIGN_NATS_SEED_FILE: operator.natsSeedFile,
        COUNTERSIGN_SIGNING_KEY_FILE: operator.signingKeyFile,
        COUNTERSIGN_TRUST_BUNDLE_FILE: operator.trustBundleFile,
        COUNTERSIGN_INSTALLATION_KEY: operator.installationKey,
        COUNTERSIGN_CANARY_FILE: fileOf(file),
        COUNTERSIGN_CANARY_NAME: 'cs',
      };
      return (await promisify(execFile)(process.execPath, [PROGRAM, 'canary-setup'], { env })).stdout;
    }

    it('is set up as often as somebody likes: the file stays, and of several one can act', async () => {
      expect(await setUpInImage('first')).toMatch(/^wrote /);
      const first = readFileSync(fileOf('first'), 'utf8');
      expect(await setUpInImage('first')).toMatch(/is there already/);
      expect(readFileSync(fileOf('first'), 'utf8')).toBe(first);
      expect(await setUpInImage('second')).toMatch(/^suspended canary-cs-[0-9a-z]+\nwrote /);
      const { organizations } = await running.operator.commands.call(COMMANDS.registry.orgList, {});
      const ours = organizations.filter(({ name }) => name.startsWith('canary-cs-'));
      expect(ours.map(({ status }) => status).sort()).toEqual(['ACTIVE', 'SUSPENDED']);
      const { org } = JSON.parse(readFileSync(fileOf('second'), 'utf8')) as CanaryFile;
      expect(ours.find(({ status }) => status === 'ACTIVE')?.org).toBe(org);
    });

    it('is ready after a round in which all was as expected, and ends cleanly when it is told to', async () => {
      const env = {
        PATH: process.env['PATH'] ?? '',
        COUNTERSIGN_CANARY_FILE: fileOf('second'),
        COUNTERSIGN_HEALTH_PORT: '9191',
      };
      const program = spawn(process.execPath, [PROGRAM, 'canary'], { env, stdio: 'ignore' });
      const ended = once(program, 'exit');
      try {
        const answer = (path: string): Promise<Response> => fetch(`http://127.0.0.1:9191${path}`);
        for (let i = 0; i < 300 && (await answer('/ready').catch(() => undefined))?.ok !== true; i += 1)
          await sleep(100);
        const counts = await (await answer('/metrics')).text();
        expect(counts).toMatch(/^countersign_canary_total\{expected="allow",outcome="released"\} 1$/m);
        expect(counts).toMatch(/^countersign_canary_total\{expected="deny",outcome="denied"\} 5$/m);
        expect(counts).toMatch(/^countersign_canary_total\{expected="deny",outcome="released"\} 0$/m);
      } finally {
        program.kill('SIGTERM');
      }
      expect(await ended).toEqual([0, null]);
    });
  });
});
