/** PostgreSQL sees none of the caller's PG* and locale variables; its messages are English, its zone UTC. */
export const POSTGRES_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
  LC_ALL: 'C',
  TZ: 'UTC',
};

/** The cluster's first role. */
export const SUPERUSER = 'postgres';
