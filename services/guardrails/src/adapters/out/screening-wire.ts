import type { Transferable } from 'node:worker_threads';
import type { Screening, ScreeningAnswer, ScreeningJob } from '../../domain/screening/screening-job.js';

/** Values that many jobs have in common (lists of guardrails, fingerprints): they cross once and are named by number from then on. */
export interface SharedValues {
  /** Whether what was shared before is no longer named. */
  readonly forget: boolean;
  readonly added: readonly (readonly [name: number, value: object])[];
}

/** A chunk of jobs on its way to a worker: small values as one JSON text, all bodies in one buffer. To clone and hand over each by itself costs more than most screenings. */
export interface WiredJobs {
  readonly shared: SharedValues;
  readonly jobs: string;
  readonly bytes: Uint8Array;
}

/** Answers on their way back, with the transformed bodies in one buffer. */
export interface WiredAnswers {
  readonly answers: string;
  readonly bytes: Uint8Array;
}

type Range = readonly [start: number, end: number];
type WiredJob = Omit<ScreeningJob, 'guardrails' | 'body' | 'input' | 'prompt'> & {
  readonly guardrails: number;
  readonly prompt?: number;
  readonly body: Range;
  readonly input?: Range;
};
type WiredScreening = Omit<Screening, 'transformed'> & { readonly transformed?: Range };
type WiredAnswer =
  | { readonly kind: 'screened'; readonly screening: WiredScreening }
  | Exclude<ScreeningAnswer, { readonly kind: 'screened' }>;

/** Most values that a worker keeps before it is told to forget them: one may take some hundred KiB of its memory. */
export const MOST_SHARED = 100;

/** Lays bytes one behind the other. */
class Packing {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  add(bytes: Uint8Array): Range {
    const start = this.#length;
    this.#pieces.push(bytes);
    this.#length += bytes.length;
    return [start, this.#length];
  }

  /** All bytes, in memory of their own. */
  packed(): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      out.set(piece, at);
      at += piece.length;
    }
    return out;
  }
}

/** The sending end of jobs; it knows what its worker already has. */
export class JobSender {
  #names = new Map<object, number>();

  /** Jobs as a message, with what of it is handed over. The bodies are copied, so that they are still here when the worker is not. */
  wire(jobs: readonly ScreeningJob[]): readonly [message: WiredJobs, moved: readonly Transferable[]] {
    const forget = this.#names.size >= MOST_SHARED;
    if (forget) this.#names = new Map();
    const added: (readonly [number, object])[] = [];
    const name = (value: object): number => {
      const known = this.#names.get(value);
      if (known !== undefined) return known;
      const next = this.#names.size;
      this.#names.set(value, next);
      added.push([next, value]);
      return next;
    };
    const bodies = new Packing();
    const wired = jobs.map(({ guardrails, prompt, body, input, ...job }): WiredJob => ({
      ...job,
      guardrails: name(guardrails),
      ...(prompt === undefined ? {} : { prompt: name(prompt) }),
      body: bodies.add(body),
      ...(input === undefined ? {} : { input: bodies.add(input) }),
    }));
    const bytes = bodies.packed();
    return [{ shared: { forget, added }, jobs: JSON.stringify(wired), bytes }, [bytes.buffer]];
  }
}

/** The receiving end of jobs, in a worker. */
export class JobReceiver {
  readonly #shared = new Map<number, object>();

  /** The jobs of a message. Throws when it names what never came. */
  read({ shared, jobs, bytes }: WiredJobs): readonly ScreeningJob[] {
    if (shared.forget) this.#shared.clear();
    for (const [name, value] of shared.added) this.#shared.set(name, value);
    return (JSON.parse(jobs) as WiredJob[]).map(({ guardrails, prompt, body, input, ...job }) => ({
      ...job,
      guardrails: this.#named(guardrails) as ScreeningJob['guardrails'],
      ...(prompt === undefined ? {} : { prompt: this.#named(prompt) as NonNullable<ScreeningJob['prompt']> }),
      body: bytes.subarray(...body),
      ...(input === undefined ? {} : { input: bytes.subarray(...input) }),
    }));
  }

  #named(name: number): object {
    const value = this.#shared.get(name);
    if (value === undefined) throw new Error(`nothing was shared under ${name}`);
    return value;
  }
}

/** Answers as a message, with what of it is handed over. */
export function wireAnswers(
  answers: readonly ScreeningAnswer[],
): readonly [message: WiredAnswers, moved: readonly Transferable[]] {
  const bodies = new Packing();
  const wired = answers.map((answer): WiredAnswer => {
    if (answer.kind !== 'screened') return answer;
    const { transformed, ...screening } = answer.screening;
    return {
      kind: 'screened',
      screening: { ...screening, ...(transformed === undefined ? {} : { transformed: bodies.add(transformed) }) },
    };
  });
  const bytes = bodies.packed();
  return [{ answers: JSON.stringify(wired), bytes }, [bytes.buffer]];
}

/** The answers of a message. */
export function readAnswers({ answers, bytes }: WiredAnswers): readonly ScreeningAnswer[] {
  return (JSON.parse(answers) as WiredAnswer[]).map((answer): ScreeningAnswer => {
    if (answer.kind !== 'screened') return answer;
    const { transformed, ...screening } = answer.screening;
    return {
      kind: 'screened',
      // a copy of its own: it must not keep the bodies of its neighbours
      screening: { ...screening, ...(transformed === undefined ? {} : { transformed: bytes.slice(...transformed) }) },
    };
  });
}
