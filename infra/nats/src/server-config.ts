import { ORG_PARTITIONS, TASK_PARTITIONS } from '@countersign/contracts';
import { CONTROL_USERS, type NatsKeys } from './keys.js';
import { permissionsOf, type Permissions } from './permissions.js';

/** The callout has this long to answer before a connection is refused, in seconds. */
export const AUTH_TIMEOUT_SECONDS = 3;

/** How a server of the installation is configured. Ports of -1 take free ones and stand in a file of `portsFileDir`. */
export interface ServerConfigOptions {
  readonly host?: string;
  readonly port: number;
  readonly monitoringPort: number;
  readonly storeDir: string;
  readonly serverName?: string;
  readonly portsFileDir?: string;
  readonly pidFile?: string;
  /** Whether every message is forced to the disk before it is acknowledged. */
  readonly syncAlways?: boolean;
  /** Present where several servers form one system; then every route proves that it knows the password. */
  readonly cluster?: ClusterOptions;
  readonly keys: NatsKeys;
}

/** One server's part in a cluster. */
export interface ClusterOptions {
  readonly name: string;
  readonly port: number;
  /** What servers show each other. Whoever is let in as a route reads and writes everything, so no cluster is without one. */
  readonly password: string;
  /** `host:port` of every server of the cluster. */
  readonly routes: readonly string[];
}

const quoted = (list: readonly string[]): string => `[${list.map((subject) => JSON.stringify(subject)).join(', ')}]`;

function permissionsText({ publish, subscribe, responses }: Permissions): string {
  const answers = responses ? ', allow_responses: { max: 1, expires: "30s" }' : '';
  return `{ publish: { allow: ${quoted(publish)} }, subscribe: { allow: ${quoted(subscribe)} }${answers} }`;
}

function mapping(kind: 'task' | 'result', prefix: string): string {
  return `"agt.*.*.${kind}.*": "${prefix}.{{partition(${TASK_PARTITIONS},3)}}.{{partition(${ORG_PARTITIONS},1)}}.{{wildcard(1)}}.{{wildcard(2)}}.{{wildcard(3)}}"`;
}

function clusterText({ name, port, password, routes }: ClusterOptions, host: string): string {
  const urls = routes.map((route) => `nats://cluster:${encodeURIComponent(password)}@${route}`);
  const secret = `authorization { user: "cluster", password: ${JSON.stringify(password)} }`;
  return `cluster { name: ${JSON.stringify(name)}, listen: ${JSON.stringify(`${host}:${port}`)}, ${secret}, routes: ${quoted(urls)} }`;
}

/**
 * What holds of every server of an installation, wherever it stands: limits, accounts SYS, AUTH (auth callout only), CONTROL (JetStream; one user key a service) and
 * AGENTS and PEOPLE (no JetStream), and the callout. AGENTS reaches CONTROL by one imported service only, CONTROL reaches AGENTS by hand-overs and answers only, PEOPLE
 * reaches CONTROL by signed commands and is reached by nobody; there is no user without a credential. It holds public keys only, so that a chart of others can include it.
 */
export function natsAccountsConfig(keys: NatsKeys): string {
  const users = CONTROL_USERS.map(
    (user) => `      { nkey: ${keys.control[user].publicKey}, permissions: ${permissionsText(permissionsOf(user))} }`,
  );
  const own = [keys.auth, keys.sys, ...CONTROL_USERS.map((u) => keys.control[u])].map((k) => k.publicKey).join(', ');
  return [
    'max_payload: 1048576',
    'max_control_line: 8192',
    'write_deadline: "10s"',
    'system_account: SYS',
    'accounts {',
    `  SYS { users: [ { nkey: ${keys.sys.publicKey} } ] }`,
    `  AUTH { users: [ { nkey: ${keys.auth.publicKey} } ] }`,
    '  CONTROL {',
    '    jetstream: enabled',
    '    users: [',
    ...users,
    '    ]',
    `    mappings: { ${mapping('task', 'ing')}, ${mapping('result', 'res')} }`,
    '    exports: [ { service: "agt.*.*.*.*", accounts: [AGENTS] }, { service: "adm.*.*", accounts: [PEOPLE] } ]',
    '    imports: [ { service: { account: AGENTS, subject: "dlv.*.*" } }, { service: { account: AGENTS, subject: "ans.*.*.*" } } ]',
    '  }',
    '  AGENTS {',
    '    imports: [ { service: { account: CONTROL, subject: "agt.*.*.*.*" } } ]',
    '    exports: [ { service: "dlv.*.*", accounts: [CONTROL] }, { service: "ans.*.*.*", accounts: [CONTROL] } ]',
    '  }',
    '  PEOPLE { imports: [ { service: { account: CONTROL, subject: "adm.*.*" } } ] }',
    '}',
    `authorization { timeout: ${AUTH_TIMEOUT_SECONDS}, auth_callout { issuer: ${keys.issuer.publicKey}, account: AUTH, auth_users: [ ${own} ], xkey: ${keys.xkey.publicKey} } }`,
    '',
  ].join('\n');
}

/** The whole configuration of a nats-server: where it listens, its cluster and its store, then {@link natsAccountsConfig}. */
export function natsServerConfig(options: ServerConfigOptions): string {
  const { keys, host = '127.0.0.1' } = options;
  const line = (text: string, when: unknown): string[] => (when === undefined || when === false ? [] : [text]);
  return [
    `server_name: ${JSON.stringify(options.serverName ?? 'countersign')}`,
    `listen: ${JSON.stringify(`${host}:${options.port}`)}`,
    `http: ${JSON.stringify(`${host}:${options.monitoringPort}`)}`,
    ...line(`ports_file_dir: ${JSON.stringify(options.portsFileDir)}`, options.portsFileDir),
    ...line(`pid_file: ${JSON.stringify(options.pidFile)}`, options.pidFile),
    ...(options.cluster === undefined ? [] : [clusterText(options.cluster, host)]),
    `jetstream { store_dir: ${JSON.stringify(options.storeDir)}${options.syncAlways === true ? ', sync_interval: always' : ''} }`,
    natsAccountsConfig(keys),
  ].join('\n');
}
