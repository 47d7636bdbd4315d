import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { AccountConnection } from '@countersign/bus';
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

/** Finds and cuts the NATS connections of an agent on every server, by the name that the callout put into its token: the server tells it as the authorized user. */
@Injectable()
export class ServerConnections extends LiveConnections implements OnApplicationShutdown {
  #account: Promise<AccountConnection> | undefined;

  constructor(
    private readonly config: ServiceConfig,
    private readonly logger: Logger,
  ) {
    super();
  }

  async cut(agent: string): Promise<void> {
    await this.#cutNow(agent);
    setTimeout(() => void this.#cutNow(agent), AGAIN_AFTER_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    await (await this.#account)?.close();
  }

  async #cutNow(agent: string): Promise<void> {
    try {
      for (let offset = 0, more = true; more; offset += PAGE) more = await this.#cutPage(agent, offset);
    } catch (error) {
      // the user token ends within 10 minutes and the dispatcher's block holds meanwhile
      this.logger.error('connections of a revoked agent could not be cut', { agent, error });
    }
  }

  async #cutPage(agent: string, offset: number): Promise<boolean> {
    const account = await this.#connection();
    const pages = await account.ask(
      '$SYS.REQ.SERVER.PING.CONNZ',
      { auth: true, acc: 'AGENTS', limit: PAGE, offset },
      { timeoutMs: ANSWER_MS, many: true },
    );
    let more = false;
    for (const page of pages) {
      const { server, data } = connzSchema.parse(page);
      more ||= data.total > offset + PAGE;
      const found = (data.connections ?? []).filter((connection) => connection.authorized_user === agent);
      await Promise.all(
        found.map(({ cid }) =>
          account.ask(`$SYS.REQ.SERVER.${server.id}.KICK`, { cid }, { timeoutMs: ANSWER_MS, many: false }),
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
