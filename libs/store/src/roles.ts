import pg from 'pg';

/** Passwords of a service's two roles that log in. */
export interface RolePasswords {
  readonly app: string;
  readonly migrate: string;
}

/**
 * Makes schema and roles of a service: `<service>_owner` owns and never logs in, `<service>_migrate` may become the owner, `<service>_app` may become
 * nothing but `<service>_system`, and that only by saying so in a transaction. Repeating it changes passwords only.
 */
export async function createRoles(superUrl: string, service: string, passwords: RolePasswords): Promise<void> {
  const client = new pg.Client({ connectionString: superUrl });
  await client.connect();
  try {
    for (const role of ['owner', 'migrate', 'app', 'system']) {
      const name = `${service}_${role}`;
      const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [name]);
      const login = role === 'migrate' ? passwords.migrate : role === 'app' ? passwords.app : undefined;
      await client.query(
        `${rowCount === 0 ? 'create' : 'alter'} role ${name} nosuperuser nocreatedb nocreaterole nobypassrls noinherit ${login === undefined ? 'nologin' : `login password ${client.escapeLiteral(login)}`}`,
      );
    }
    await client.query(`grant ${service}_owner to ${service}_migrate with inherit false, set true`);
    await client.query(`grant ${service}_system to ${service}_app with inherit false, set true`);
    await client.query(`create schema if not exists ${service} authorization ${service}_owner`);
    await client.query(`grant usage on schema ${service} to ${service}_app, ${service}_system`);
    await client.query(`alter role ${service}_app set search_path = ${service}`);
    await client.query('revoke create on schema public from public');
  } finally {
    await client.end();
  }
}

/** Makes a database of that name on the server that the URL names, unless it is there. */
export async function createDatabase(superUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: superUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}
