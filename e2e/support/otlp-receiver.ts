import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readOtlpTraces, type ReceivedSpan } from '@countersign/local';

const TASK = 'messaging.message.conversation_id';

/** Takes OTLP over HTTP as a collector would, and keeps every byte: what a journey asserts of it is what anybody would have received. */
export class OtlpReceiver {
  readonly #bodies: string[] = [];
  readonly #spans: ReceivedSpan[] = [];

  private constructor(private readonly server: Server) {}

  /** Starts to listen on loopback. */
  static async start(): Promise<OtlpReceiver> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        receiver.#take(request.url ?? '', Buffer.concat(chunks).toString('utf8'));
        response.end('{}');
      });
    });
    const receiver = new OtlpReceiver(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  /** Variables that make a service send here. */
  get env(): Readonly<Record<string, string>> {
    return {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '200',
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
    };
  }

  /** Every byte that came, spans and metrics. */
  get everything(): string {
    return this.#bodies.join('\n');
  }

  /** Every span as often as it came. */
  get spans(): readonly ReceivedSpan[] {
    return this.#spans;
  }

  /** Spans of a task, by trace, in the order in which the traces began. */
  tracesOf(task: string): readonly (readonly ReceivedSpan[])[] {
    const own = this.#spans.filter(({ attributes }) => attributes[TASK] === task);
    const first = (spans: readonly ReceivedSpan[]): number => Math.min(...spans.map(({ start }) => start));
    return [...Map.groupBy(own, ({ traceId }) => traceId).values()].sort((a, b) => first(a) - first(b));
  }

  /** Waits until the traces of a task are as they are wanted, at most for a while, and answers them as they are then. */
  async traces(
    task: string,
    wanted: (traces: readonly (readonly ReceivedSpan[])[]) => boolean,
  ): Promise<readonly (readonly ReceivedSpan[])[]> {
    for (let i = 0; i < 150 && !wanted(this.tracesOf(task)); i += 1)
      await new Promise((resolve) => setTimeout(resolve, 100));
    return this.tracesOf(task);
  }

  /** Stops to listen. */
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #take(url: string, body: string): void {
    this.#bodies.push(body);
    if (url === '/v1/traces') this.#spans.push(...readOtlpTraces(body));
  }
}
