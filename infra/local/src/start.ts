import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { withFileLock } from '../bin/shared/file-lock.mjs';
import { runDemo, type Demo, type DemoReport } from './demo/run-demo.js';
import { stageOf } from './demo/stage.js';
import { DEMO_HEADER } from './demo/table.js';
import { removePostgres } from './embedded-postgres.js';
import { LocalError } from './local-error.js';
import { onShutdown } from './process/shutdown.js';
import { foldersOf } from './system/folders.js';
import { LocalSystem } from './system/local-system.js';

const HELP = `npm start [-- options]

  Starts nats-server, PostgreSQL and every service of Countersign on this machine, runs the demo, and stays up until Ctrl-C.

  --once      run the demo, verify the record, drain, and exit 0 only if every outcome was the expected one
  --no-demo   start everything and run no demo
  --canary    send tasks that must pass and tasks that must be denied every 30 s, and count what comes of them
  --reset     throw away what an earlier run has kept (keys, streams, database) and start anew
  --quiet     only warnings in the services' logs
  --help      this text

  Everything it makes lies in .countersign; .countersign/run.json tells other tools where everything is.
`;

const project = join(fileURLToPath(import.meta.url), '..', '..', '..', '..');
const began = performance.now();
const report = (line: string): void =>
  void process.stdout.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);

const { values: options } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    'no-demo': { type: 'boolean', default: false },
    canary: { type: 'boolean', default: false },
    reset: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) process.stdout.write(HELP);
else
  await withFileLock(join(project, '.countersign', 'start.lock'), main, (pid) =>
    report(`process ${pid} is running this system already; waiting for it to end`),
  ).catch(fail);

async function main(): Promise<void> {
  if (options.reset) await reset();
  const telemetry = telemetryOf(process.env);
  const system = await LocalSystem.start({ project, report, telemetry, logLevel: options.quiet ? 'warn' : 'info' });
  let demo: Demo | undefined;
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= stopAll());
  const stopAll = async (): Promise<void> => {
    await demo?.close();
    await system.stop();
  };
  const stopped = new Promise<void>((resolve) => {
    onShutdown((reason) => {
      report(`${reason}: draining`);
      void stop().then(() => {
        report('stopped');
        resolve();
      });
    });
  });
  try {
    if (options.canary) report(`the canary sings: ${await system.startCanary()}`);
    demo = options['no-demo'] ? undefined : await demonstrate(system);
    if (options.once) process.exitCode = demo === undefined || isExpected(demo) ? 0 : 1;
    else {
      tellHowToGoOn(system, demo);
      await stopped;
    }
  } catch (error) {
    // what fails while everything is being stopped fails because of that
    if (stopping === undefined) fail(error);
    else process.exitCode = 1;
  } finally {
    await stop();
  }
}

/** What of OpenTelemetry's variables stands in this process's environment goes to every service; without an endpoint recent traces are kept here. */
function telemetryOf(env: NodeJS.ProcessEnv): 'local' | Readonly<Record<string, string>> {
  const own = Object.entries(env).flatMap(([name, value]) =>
    name.startsWith('OTEL_') && value !== undefined ? [[name, value] as const] : [],
  );
  const elsewhere = own.some(([name]) =>
    /^OTEL_(?:EXPORTER_OTLP_(?:TRACES_)?ENDPOINT|CONFIG_FILE|SDK_DISABLED)$/.test(name),
  );
  return elsewhere ? Object.fromEntries(own) : 'local';
}

/** What the system says of itself is for people; anything else is a defect and shows where. */
function fail(error: unknown): void {
  process.exitCode = 1;
  const told = error instanceof LocalError ? error.message : error instanceof Error ? error.stack : 'failed';
  const hint =
    error instanceof LocalError && error.code === 'MIGRATION_FAILED'
      ? '\nnpm start -- --reset throws away what earlier runs have kept and starts anew'
      : '';
  process.stderr.write(`${told ?? 'failed'}${hint}\n`);
}

async function reset(): Promise<void> {
  const folders = foldersOf(project);
  report('throwing away what an earlier run has kept');
  if (existsSync(folders.postgres)) await removePostgres({ project: folders.state, stateDir: folders.postgres });
  for (const folder of [folders.keys, folders.agents, folders.logs, folders.nats, folders.postgres])
    rmSync(folder, { recursive: true, force: true });
}

async function demonstrate(system: LocalSystem): Promise<Demo> {
  report('the demo: agents as programs of their own, tasks of infra/local/demo/tasks.yaml');
  report(DEMO_HEADER);
  const demo = await runDemo({ stage: stageOf(system), report });
  report(
    demo.recordOk
      ? `the record of ${demo.organisation.name} verifies: ${demo.recordSize} entries`
      : `the record of ${demo.organisation.name} does NOT verify`,
  );
  const surprises = demo.outcomes.filter((outcome) => outcome.surprise !== undefined);
  report(
    surprises.length === 0
      ? `all ${demo.outcomes.length} outcomes are the expected ones`
      : `${surprises.length} of ${demo.outcomes.length} outcomes are NOT the expected ones`,
  );
  return demo;
}

function isExpected({ recordOk, outcomes }: DemoReport): boolean {
  return recordOk && outcomes.every((outcome) => outcome.surprise === undefined);
}

function tellHowToGoOn(system: LocalSystem, demo: DemoReport | undefined): void {
  const playground = demo?.organisation.credentials.get('playground');
  if (playground !== undefined) report(`credential file of the playground agent: ${playground}`);
  report(
    'in another terminal: npm run cs -- tasks · npm run cs -- explain <task> · npm run trace -- <task> · npm run cs -- --help',
  );
  report(`the system stays up (run file ${system.folders.runFile}); Ctrl-C stops it`);
}
