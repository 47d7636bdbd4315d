import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readOtlpTraces } from './otlp-json.js';
import { TraceStore } from './trace-store.js';

const MAX_BODY = 16 * 1024 * 1024;
const PATH_TASK = /^\/tasks\/([0-9a-f-]{4,36})$/;

/** A small OTLP/HTTP receiver on loopback: keeps recent traces of the local system, so that they can be seen without any other tool. */
export class TraceReceiver {
  readonly store = new TraceStore();

  private constructor(private readonly server: Server) {}

  /** Starts to listen on a free port of loopback, or the one that is named. */
  static async start(port = 0): Promise<TraceReceiver> {
    const server = createServer((request, response) => {
      receiver.#answer(request, response).catch(() => response.writeHead(400).end());
    });
    const receiver = new TraceReceiver(server);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
    server.unref();
    return receiver;
  }

  /** Where it listens: the endpoint for `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Stops to listen. */
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, task] = PATH_TASK.exec(request.url ?? '') ?? [];
    if (request.method === 'GET' && task !== undefined) return json(response, this.store.ofTask(task));
    if (request.method !== 'POST') return void response.writeHead(404).end();
    const body = await bodyOf(request);
    if (request.url === '/v1/traces') this.store.add(readOtlpTraces(body));
    json(response, {});
  }
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
