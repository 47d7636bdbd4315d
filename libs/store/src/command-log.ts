import type { Database } from './database.js';

/** Statements that make a service's memory of answered commands. */
export function commandLogTable(service: string): string[] {
  return [
    `create table ${service}.command_log (verb text not null, actor text not null, key uuid not null, request_hash text not null, reply jsonb, at timestamptz not null default clock_timestamp(), primary key (verb, actor, key))`,
    `grant select, insert, update, delete on ${service}.command_log to ${service}_app`,
  ];
}

interface Scope {
  readonly verb: string;
  readonly actor: string;
  readonly key: string;
  readonly requestHash: string;
}

interface LogRow {
  readonly request_hash: string;
  readonly reply: object | null;
}

/**
 * Remembers commands in PostgreSQL. The key is taken before the command runs; a repetition while the first is in work, or after it broke down without
 * an answer, runs it again: commands are idempotent in what they do, this makes their answers so.
 */
export class CommandLog {
  constructor(private readonly database: Database) {}

  /** Runs once; a repetition gets the stored answer, another request under the same key a refusal. */
  async once<R extends object>(scope: Scope, run: () => Promise<R>): Promise<R> {
    const { service } = this.database;
    const params = [scope.verb, scope.actor, scope.key];
    const known = await this.database.installation(async (tx) => {
      await tx.query(
        `insert into ${service}.command_log (verb, actor, key, request_hash) values ($1, $2, $3, $4) on conflict do nothing`,
        [...params, scope.requestHash],
      );
      const [row] = await tx.query<LogRow>(
        `select request_hash, reply from ${service}.command_log where verb = $1 and actor = $2 and key = $3`,
        params,
      );
      return row;
    });
    if (known !== undefined && known.request_hash !== scope.requestHash) {
      return {
        ok: false,
        problem: {
          code: 'ALREADY_EXISTS',
          message: 'another command was sent under this idempotency key',
          field: 'idempotencyKey',
        },
      } as unknown as R;
    }
    if (known !== undefined && known.reply !== null) return known.reply as R;
    const reply = await run();
    await this.database.installation((tx) =>
      tx.query(`update ${service}.command_log set reply = $4 where verb = $1 and actor = $2 and key = $3`, [
        ...params,
        JSON.stringify(reply),
      ]),
    );
    return reply;
  }
}
