import type { MessagePort } from 'node:worker_threads';
import { screenBody } from '../../domain/screening/screen-body.js';
import { UNAVAILABLE, type ScreeningAnswer, type ScreeningJob } from '../../domain/screening/screening-job.js';
import type { ScreeningTools } from '../../domain/screening/run-guardrail.js';
import { keyedHash } from './keyed-hash.js';
import { Progress } from './progress.js';
import { JobReceiver, wireAnswers, type WiredJobs } from './screening-wire.js';

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
  const receiver = new JobReceiver();
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
      return screenBody(job, tools);
    } catch {
      return { kind: 'screened', screening: UNAVAILABLE };
    }
  };
  port.on('message', (message: WiredJobs) => {
    port.postMessage(...wireAnswers(receiver.read(message).map(answer)));
  });
}
