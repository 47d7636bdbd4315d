import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readiness } from './readiness.js';

/** Answers a scrape of metrics. */
export type Scrape = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers `/live` (the event loop turns), `/ready` (can decide now; else 503 with the names of what is missing) and, once it is known how, `/metrics`. */
export class HealthServer {
  #scrape: Scrape | undefined;

  private constructor(private readonly server: Server) {}

  /** Starts to listen; port 0 takes a free one. */
  static async start({
    host,
    port,
    readiness,
  }: {
    readonly host: string;
    readonly port: number;
    readonly readiness: Readiness;
  }): Promise<HealthServer> {
    const server = createServer((request, response) => {
      if (request.url === '/metrics') return health.#answerScrape(request, response);
      if (request.url === '/live') return void response.writeHead(200).end('{"live":true}');
      if (request.url !== '/ready') return void response.writeHead(404).end();
      void readiness.failing().then((missing) => {
        response
          .writeHead(missing.length === 0 ? 200 : 503, { 'content-type': 'application/json' })
          .end(JSON.stringify({ ready: missing.length === 0, missing }));
      });
    });
    const health = new HealthServer(server);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
    return health;
  }

  /** From here on metrics can be scraped. */
  scrapeWith(scrape: Scrape): void {
    this.#scrape = scrape;
  }

  #answerScrape(request: IncomingMessage, response: ServerResponse): void {
    if (this.#scrape === undefined) response.writeHead(503).end();
    else this.#scrape(request, response);
  }

  /** The port it listens on. */
  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Stops to listen. */
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
