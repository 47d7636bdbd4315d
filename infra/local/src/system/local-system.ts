import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { SystemClock } from '@countersign/primitives';
import {
  openInstallation,
  prepareDatabase,
  privateFolder,
  provisionStreams,
  serviceEnv,
  SERVICES,
  writeSecret,
  type Installation,
  type ServiceName,
} from '@countersign/installation';
import { natsServerConfig } from '@countersign/nats';
import { startPostgres, type EmbeddedPostgres } from '../embedded-postgres.js';
import { freePort } from '../free-port.js';
import { startNatsServer, type NatsProcess } from '../nats-process.js';
import { obtainNatsServer } from '../nats-server.js';
import { ProcessGroup, type ManagedService } from '../processes.js';
import { TraceReceiver } from '../traces/trace-receiver.js';
import { canaryProgram } from './canary.js';
import { foldersOf, type Folders } from './folders.js';
import { migrateServices, programOf } from './migrations.js';
import type { RunFile } from './run-file.js';

/** How a local system is started. */
export interface LocalSystemOptions {
  /** The project's folder. */
  readonly project: string;
  /** Where it keeps its state; `.countersign` of the project when absent. */
  readonly state?: string;
  readonly logLevel?: string;
  /** What one agent may submit in 10 s; 100 when absent. Benches and journeys that submit bursts raise it. */
  readonly intakePer10s?: number;
  readonly report: (line: string) => void;
  /** More replicas of a service than one. */
  readonly replicas?: Partial<Record<ServiceName, number>>;
  /** Where services send telemetry: standard variables of OpenTelemetry, or `local` to keep recent traces here. Nowhere when absent. */
  readonly telemetry?: 'local' | Readonly<Record<string, string>>;
}

const NATS_PORT = 4222;
const MONITORING_PORT = 8222;
const POSTGRES_PORT = 54_322;
const HEALTH_PORT = 9_100;
const CANARY_PORT = 9_190;

/** All programs of Countersign on one machine: a real nats-server, a real PostgreSQL, every service as its own process. */
export class LocalSystem {
  readonly services = new Map<string, ManagedService>();
  #nats: NatsProcess | undefined;
  #postgres: EmbeddedPostgres | undefined;
  #traces: TraceReceiver | undefined;
  #run: RunFile | undefined;

  private constructor(
    readonly folders: Folders,
    readonly installation: Installation,
    private readonly group: ProcessGroup,
    private readonly options: LocalSystemOptions,
  ) {}

  /** Starts everything and waits until all services can decide. */
  static async start(options: LocalSystemOptions): Promise<LocalSystem> {
    const folders = foldersOf(options.project, options.state);
    for (const folder of [folders.state, folders.keys, folders.agents, folders.logs]) privateFolder(folder);
    const group = await ProcessGroup.open({ pidFile: join(folders.state, 'pids.json'), report: options.report });
    const system = new LocalSystem(folders, openInstallation(folders.keys, new SystemClock().now()), group, options);
    try {
      await system.#start();
      return system;
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  /** What other tools attach with. */
  get run(): RunFile {
    if (this.#run === undefined) throw new Error('the system is not running');
    return this.#run;
  }

  /** nats-server, for whoever wants to end it hard. */
  get nats(): NatsProcess {
    if (this.#nats === undefined) throw new Error('nats-server is not running');
    return this.#nats;
  }

  /** PostgreSQL, for whoever wants to look into it. */
  get postgres(): EmbeddedPostgres {
    if (this.#postgres === undefined) throw new Error('PostgreSQL is not running');
    return this.#postgres;
  }

  /** Names an agent's credential file in the run file. */
  noteAgent(name: string, file: string): void {
    this.#write({ ...this.run, agents: { ...this.run.agents, [name]: file } });
  }

  /** Drains the services, then stops NATS and PostgreSQL. */
  async stop(): Promise<void> {
    await this.group.drain();
    await this.#nats?.stop();
    await this.#postgres?.stop();
    await this.#traces?.stop();
    rmSync(this.folders.runFile, { force: true });
  }

  async #start(): Promise<void> {
    const { report } = this.options;
    const [nats] = await Promise.all([
      this.#timed('nats-server', () => this.#startNats()),
      this.#timed('PostgreSQL', () => this.#startPostgres()),
    ]);
    await this.#timed('roles, schemas, streams', async () => {
      const { seed } = this.installation.natsKeys.control.provisioner;
      await Promise.all([this.#prepareDatabase(), provisionStreams([this.nats.url], seed)]);
    });
    if (this.options.telemetry === 'local') this.#traces = await TraceReceiver.start();
    await this.#timed('seven services', () => this.#startServices());
    this.#writeRun(nats);
    report(`run file: ${this.folders.runFile}`);
  }

  async #startNats(): Promise<string> {
    const binary = await obtainNatsServer({ cacheDir: this.folders.cache, report: this.options.report });
    for (const line of binary.passedOver) this.options.report(line);
    const [port, monitoringPort] = [await freePort(NATS_PORT), await freePort(MONITORING_PORT)];
    const configText = natsServerConfig({
      port,
      monitoringPort,
      storeDir: join(privateFolder(this.folders.nats), 'jetstream'),
      keys: this.installation.natsKeys,
      portsFileDir: this.folders.nats,
    });
    this.#nats = await startNatsServer({
      binary: binary.path,
      configText,
      dir: this.folders.nats,
      logFile: join(this.folders.logs, 'nats-server.log'),
      // it shares the machine with everything else: more threads wake each other up for nothing
      threads: 1,
      supervise: true,
      report: this.options.report,
    });
    this.group.note('nats-server', this.#nats.pid);
    return binary.path;
  }

  async #startPostgres(): Promise<void> {
    this.#postgres = await startPostgres({
      project: this.folders.state,
      stateDir: this.folders.postgres,
      preferredPorts: [POSTGRES_PORT],
      maxConnections: 120,
      supervise: true,
      report: this.options.report,
    });
  }

  async #prepareDatabase(): Promise<void> {
    await prepareDatabase(this.postgres.url, this.installation);
    await migrateServices(this.folders, this.installation, process.execPath);
  }

  async #startServices(): Promise<void> {
    const names = SERVICES.flatMap((service) =>
      Array.from({ length: this.options.replicas?.[service] ?? 1 }, (_, i) => ({
        service,
        name: i === 0 ? service : `${service}-${i + 1}`,
      })),
    );
    let port = HEALTH_PORT;
    const ready: Promise<void>[] = [];
    for (const { service, name } of names) {
      port = await freePort(port + 1);
      ready.push(this.startService(service, name, port));
    }
    await Promise.all(ready);
  }

  /** Starts one service and waits until it can decide. It is started again whenever it ends unexpectedly. */
  async startService(service: ServiceName, name: string, healthPort: number): Promise<void> {
    const env = serviceEnv(service, this.installation, {
      natsUrl: this.nats.url,
      healthPort,
      telemetry: this.#telemetryEnv(),
      ...(this.options.logLevel === undefined ? {} : { logLevel: this.options.logLevel }),
      ...(this.options.intakePer10s === undefined ? {} : { intakePer10s: this.options.intakePer10s }),
    });
    const started = await this.group.start({
      name,
      command: process.execPath,
      args: ['--enable-source-maps', programOf(this.folders, service)],
      env,
      logFile: join(this.folders.logs, `${name}.log`),
      restart: true,
    });
    this.services.set(name, started);
    this.#health.set(name, `http://127.0.0.1:${healthPort}`);
    await started.untilReady(`http://127.0.0.1:${healthPort}/ready`);
  }

  /** Starts the canary; resolves when it has sent its first round. Answers where its metrics are. */
  async startCanary(everySeconds?: number): Promise<string> {
    const healthPort = await freePort(CANARY_PORT);
    const { logLevel } = this.options;
    const program = await canaryProgram(this.run, this.folders, {
      healthPort,
      ...(everySeconds === undefined ? {} : { everySeconds }),
      ...(logLevel === undefined ? {} : { logLevel }),
    });
    const started = await this.group.start(program);
    const url = `http://127.0.0.1:${healthPort}`;
    await started.untilReady(`${url}/ready`);
    return `${url}/metrics`;
  }

  #telemetryEnv(): Readonly<Record<string, string>> {
    const { telemetry = {} } = this.options;
    if (telemetry !== 'local') return telemetry;
    return {
      OTEL_EXPORTER_OTLP_ENDPOINT: this.#traces?.url ?? '',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_BSP_SCHEDULE_DELAY: '500',
    };
  }

  readonly #health = new Map<string, string>();

  #writeRun(natsBinary: string): void {
    const urlFile = this.installation.file('postgres-super.url');
    writeSecret(urlFile, this.postgres.url);
    const services = Object.fromEntries(
      [...this.services].map(([name, service]) => [
        name,
        { pid: service.pid, health: this.#health.get(name) ?? '', log: service.logFile },
      ]),
    );
    const { file, installationKey } = this.installation;
    this.#write({
      v: 1,
      pid: process.pid,
      startedAt: new Date().toISOString(),
      nats: this.nats.url,
      natsMonitoring: this.nats.monitoringUrl ?? '',
      natsPid: this.nats.pid,
      natsBinary,
      postgresPort: this.postgres.port,
      postgresPid: this.postgres.pid,
      postgresUrlFile: urlFile,
      ...(this.#traces === undefined ? {} : { traces: this.#traces.url }),
      services,
      operator: {
        natsSeedFile: file('nats-operator.seed'),
        signingKeyFile: file('operator.pem'),
        trustBundleFile: file('trust-bundle.json'),
        installationKey,
      },
      agents: {},
    });
  }

  #write(run: RunFile): void {
    this.#run = run;
    writeSecret(this.folders.runFile, `${JSON.stringify(run, null, 2)}\n`);
  }

  async #timed<T>(what: string, work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const result = await work();
    this.options.report(`${what} ready (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    return result;
  }
}
