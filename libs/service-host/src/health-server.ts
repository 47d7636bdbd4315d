import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readiness } from './readiness.js';

/** Answers `/live` (the event loop turns) and `/ready` (can decide now; else 503 with the names of what is missing). */
export class HealthServer {
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
      if (request.url === '/live') return void response.writeHead(200).end('{"live":true}');
      if (request.url !== '/ready') return void response.writeHead(404).end();
      void readiness.failing().then((missing) => {
        response
          .writeHead(missing.length === 0 ? 200 : 503, { 'content-type': 'application/json' })
          .end(JSON.stringify({ ready: missing.length === 0, missing }));
      });
    });
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
    return new HealthServer(server);
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
