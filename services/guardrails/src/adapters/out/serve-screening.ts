import type { MessagePort, Transferable } from 'node:worker_threads';
import { screenBody } from '../../domain/screening/screen-body.js';
import { UNAVAILABLE, type ScreeningAnswer, type ScreeningJob } from '../../domain/screening/screening-job.js';
import type { ScreeningTools } from '../../domain/screening/run-guardrail.js';
import { keyedHash } from './keyed-hash.js';
import { Progress } from './progress.js';

/** What a worker is started with. */
export interface ScreeningWorkerData {
  readonly key: Uint8Array;
  readonly progress: SharedArrayBuffer;
}

/** How long reading a body may take before its first guardrail. */
const READ_MS = 1_000;

/** Serves chunks of jobs in a worker thread: one message in, one out. */
export function serveScreening(
  port: MessagePort,
  { key, progress: shared }: ScreeningWorkerData,
  detect: ScreeningTools['detect'],
): void {
  const progress = new Progress(shared);
  const hash = keyedHash(key);
  const answer = (job: ScreeningJob, index: number): ScreeningAnswer => {
    progress.at(index, -1, READ_MS);
    const started = performance.now();
    const tools: ScreeningTools = {
      detect,
      hash,
      elapsed: () => performance.now() - started,
      beat: (guardrail, limitMs) => progress.at(index, guardrail, limitMs),
    };
    try {
      return detached(screenBody(job, tools));
    } catch {
      return { kind: 'screened', screening: UNAVAILABLE };
    }
  };
  port.on('message', (jobs: readonly ScreeningJob[]) => {
    const answers = jobs.map(answer);
    const bodies = answers.flatMap((a): Transferable[] =>
      a.kind === 'screened' && a.screening.transformed !== undefined
        ? [a.screening.transformed.buffer as ArrayBuffer]
        : [],
    );
    port.postMessage(answers, bodies);
  });
}

/** A small Buffer is a window of a large one: what is sent is only the window. */
function detached(answer: ScreeningAnswer): ScreeningAnswer {
  if (answer.kind !== 'screened' || answer.screening.transformed === undefined) return answer;
  return { ...answer, screening: { ...answer.screening, transformed: new Uint8Array(answer.screening.transformed) } };
}
