import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { foldersOf } from './system/folders.js';
import { readRunFile } from './system/run-file.js';
import type { ReceivedSpan } from './traces/otlp-json.js';
import { waterfall } from './traces/waterfall.js';

const HELP = `npm run trace -- <task id> [options]

  Prints the traces of a task of the local system: one a round, each as a waterfall of spans. The end of an id is enough.

  --json   the spans, for programs
  --help   this text

  The local system keeps recent traces itself unless OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_CONFIG_FILE is set when it starts; then they are where that says.
`;

const project = join(fileURLToPath(import.meta.url), '..', '..', '..', '..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
const [task] = positionals;

if (values.help) process.stdout.write(HELP);
else if (task === undefined || !/^[0-9a-f-]{4,36}$/.test(task))
  end('give the id of a task, or the end of it (at least four characters)', 2);
else await show(task);

async function show(id: string): Promise<void> {
  const run = readRunFile(foldersOf(project).runFile);
  if (run === undefined) return end('no local system is running; npm start starts one', 3);
  if (run.traces === undefined)
    return end(
      'the running system sends its traces elsewhere (OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_CONFIG_FILE was set)',
      3,
    );
  const response = await fetch(`${run.traces}/tasks/${id}`).catch(() => undefined);
  if (response?.ok !== true) return end('the receiver of traces did not answer', 3);
  const spans = (await response.json()) as readonly ReceivedSpan[];
  if (values.json) process.stdout.write(`${JSON.stringify(spans, null, 2)}\n`);
  else if (spans.length === 0) end(`no trace of a task ${id} is kept (they come a second or two after the task)`, 1);
  else process.stdout.write(`${waterfall(spans).join('\n')}\n`);
}

function end(message: string, code: number): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = code;
}
