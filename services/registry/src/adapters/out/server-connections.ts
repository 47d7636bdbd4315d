import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { AccountConnection } from '@countersign/bus';
import type { OuterAccount } from '@countersign/identity';
import { ServiceConfig } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import { z } from 'zod';
import { LiveConnections } from '../../application/block.js';

/** A connection that was being authorised while its agent was revoked is in after the callout's time limit (3 s) at the latest. */
const AGAIN_AFTER_MS = 4_000;
const PAGE = 1_024;
const ANSWER_MS = 1_500;

const connzSchema = z.object({
  server: z.object({ id: z.string() }),
  data: z.object({
    total: z.number(),
    connections: z.array(z.object({ cid: z.number(), authorized_user: z.string().optional() })).nullish(),
  }),
});

/** Finds and cuts the NATS connections of an agent or a person on every server, by the name that the callout put into its token: the server tells it as the authorized user. */
@Injectable()
export class ServerConnections extends LiveConnections implements OnApplicationShutdown {
  #account: Promise<AccountConnection> | undefined;

  constructor(
    private readonly config: ServiceConfig,
    private readonly logger: Logger,
  ) {
    super();
  }

  async cut(id: string, account: OuterAccount = 'AGENTS'): Promise<void> {
    await this.#cutNow(id, account);
    setTimeout(() => void this.#cutNow(id, account), AGAIN_AFTER_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    await (await this.#account)?.close();
  }

  async #cutNow(id: string, account: OuterAccount): Promise<void> {
    try {
      for (let offset = 0, more = true; more; offset += PAGE) more = await this.#cutPage(id, account, offset);
    } catch (error) {
      // the user token ends within 10 minutes; meanwhile the dispatcher's block holds for an agent, and no command of a disabled person is carried out
      const whose = account === 'AGENTS' ? { agent: id } : {};
      this.logger.error('connections of somebody who was revoked could not be cut', { ...whose, error });
    }
  }

  async #cutPage(id: string, account: OuterAccount, offset: number): Promise<boolean> {
    const system = await this.#connection();
    const pages = await system.ask(
      '$SYS.REQ.SERVER.PING.CONNZ',
      { auth: true, acc: account, limit: PAGE, offset },
      { timeoutMs: ANSWER_MS, many: true },
    );
    let more = false;
    for (const page of pages) {
      const { server, data } = connzSchema.parse(page);
      more ||= data.total > offset + PAGE;
      const found = (data.connections ?? []).filter((connection) => connection.authorized_user === id);
      await Promise.all(
        found.map(({ cid }) =>
          system.ask(`$SYS.REQ.SERVER.${server.id}.KICK`, { cid }, { timeoutMs: ANSWER_MS, many: false }),
        ),
      );
    }
    return more;
  }

  #connection(): Promise<AccountConnection> {
    const { COUNTERSIGN_NATS_URL: servers, COUNTERSIGN_SYS_NATS_SEED_FILE: seed } = this.config.values;
    this.#account ??= AccountConnection.open(servers as string[], String(seed), 'registry connections');
    return this.#account;
  }
}
