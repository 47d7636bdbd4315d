import { COMMAND_KEY_MS } from '@countersign/contracts';
import type { Database } from './database.js';

/** How much longer an answer is remembered than its key is good for: a command may be in work meanwhile, and after the loss of a server the clock of the next one may be behind. */
const SPARE_MS = 86_400_000;

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

  /**
   * Forgets commands under keys that are refused by now, whatever became of them; answers how many, at most `limit`. Goes by the time in the key and not by that of the row: what is forgotten cannot be asked
   * again. Few commands come in so many days that the primary key is read from end to end for it.
   */
  async forget(limit: number): Promise<number> {
    const table = `${this.database.service}.command_log`;
    const rows = await this.database.installation((tx) =>
      tx.query(
        `delete from ${table} where ctid = any (array(select ctid from ${table}
           where key < (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint - $1), 12, '0') || repeat('0', 20))::uuid
           limit $2 for update skip locked)) returning 1 as one`,
        [COMMAND_KEY_MS.program + SPARE_MS, limit],
      ),
    );
    return rows.length;
  }
}
