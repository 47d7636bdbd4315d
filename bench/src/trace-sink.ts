import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./trace-sink-program.js', import.meta.url));

/** Takes traces over OTLP and drops them, in a process of its own that no figure counts. */
export interface TraceSink {
  /** Settings of a service that sends this share of its traces here. */
  readonly env: (ratio: number) => Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

/** Starts a sink; it ends with this process too. */
export async function startTraceSink(): Promise<TraceSink> {
  const sink = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = (await once(sink.stdout, 'data')) as [Buffer];
  return {
    env: (ratio) => ({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${port.toString().trim()}/v1/traces`,
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: String(ratio),
    }),
    stop: async () => {
      const ended = once(sink, 'exit');
      sink.stdin.end();
      await ended;
    },
  };
}
