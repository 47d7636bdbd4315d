import { UsageError } from './usage-error.js';

/** What a role does; its exit code, or nothing where the process lives on or ends by itself. `handleSignals` is called by a role that ends itself on a signal before it returns. */
export type RunRole = (args: readonly string[], handleSignals: () => void) => Promise<number | void>;

/** One thing that the image can be told to be. */
export interface Role {
  readonly name: string;
  readonly summary: string;
  /** Whether a signal during its start is a clean end: a service that has not begun has nothing in work. */
  readonly endsCleanly: boolean;
  /** Loads the role and nothing of the others. */
  readonly load: () => Promise<RunRole>;
}

/** The services that have a process; kept here by name so that the small roles need not load the installation. */
export const SERVICE_ROLES = ['registry', 'policy', 'guardrails', 'trust', 'budget', 'audit', 'dispatcher'] as const;

const service = (name: (typeof SERVICE_ROLES)[number]): Role => ({
  name,
  summary: 'the service, until SIGTERM',
  endsCleanly: true,
  load: async () => {
    const { become } = await import('./programs.js');
    return (args) => become(name, args);
  },
});

const oneShot = (name: string, summary: string, load: () => Promise<RunRole>): Role => ({
  name,
  summary,
  endsCleanly: false,
  load,
});

/** Everything that the image can be told to be, in the order in which it is named to people. */
export const ROLES: readonly Role[] = [
  ...SERVICE_ROLES.map(service),
  {
    name: 'canary',
    summary: 'tasks that must pass and tasks that must be denied, until SIGTERM',
    endsCleanly: true,
    load: async () => (await import('./roles/canary.js')).run,
  },
  oneShot(
    'canary-setup',
    'make the organisation of the canary, and its file',
    async () => (await import('./roles/canary-setup.js')).run,
  ),
  oneShot('roles', 'make database, schemas and roles', async () => (await import('./roles/database-roles.js')).run),
  oneShot(
    'migrate',
    'bring schemas up to date: migrate [service…]',
    async () => (await import('./roles/migrate.js')).run,
  ),
  oneShot('provision', 'make streams and consumers', async () => (await import('./roles/provision.js')).run),
  oneShot(
    'secrets',
    'make keys and passwords once: secrets <dir>',
    async () => (await import('./roles/secrets.js')).run,
  ),
  oneShot(
    'rotate-key',
    'change the signing key of a service: rotate-key <dir> <service> <step>',
    async () => (await import('./roles/rotate-key.js')).run,
  ),
  oneShot(
    'secrets-in-cluster',
    'make them in Kubernetes, from a pod: for trying out',
    async () => (await import('./roles/secrets-in-cluster.js')).run,
  ),
  oneShot(
    'nats-config',
    'print the configuration of nats-server',
    async () => (await import('./roles/nats-config.js')).run,
  ),
  oneShot('cs', 'the command line: cs --help', async () => (await import('./roles/command-line.js')).run),
  oneShot(
    'health',
    'exit 0 when the service in this container is ready',
    async () => (await import('./roles/health.js')).run,
  ),
  oneShot('demo', 'agents and tasks against a running installation', async () => (await import('./roles/demo.js')).run),
  oneShot(
    'selftest',
    'what the installation promises, tried: selftest [check…]',
    async () => (await import('./roles/selftest.js')).run,
  ),
];

/** What is told to somebody who named no role, or one that is none. */
export function usage(): string {
  const width = Math.max(...ROLES.map(({ name }) => name.length));
  const lines = ROLES.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return ['give a role as the first argument:', ...lines].join('\n');
}

/** The role of that name; refuses anything else and names what there is. */
export function roleNamed(name: string | undefined): Role {
  if (name === undefined) throw new UsageError(usage());
  const role = ROLES.find((known) => known.name === name);
  if (role === undefined) throw new UsageError(`there is no role ${JSON.stringify(name)}; ${usage()}`);
  return role;
}
