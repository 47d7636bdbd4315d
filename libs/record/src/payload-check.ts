import { formatDigest, merkleLeaf } from '@countersign/primitives';
import { parseObject } from './chain.js';
import { payloadCommitment } from './commitment.js';
import type { ExportEntry } from './export-file.js';
import type { RecordProblem } from './record-problem.js';

type Header = Readonly<Record<string, unknown>>;

/** What the payloads of a record came to. Months are named where payloads are gone by an entry of the record. */
export interface PayloadSummary {
  /** Payloads that are what their headers commit to. */
  readonly checked: number;
  readonly pruned: readonly string[];
  readonly erased: readonly string[];
  /** Commitments of a time when payloads were not kept. */
  readonly neverKept: number;
}

interface Gone {
  readonly position: number;
  readonly state: 'pruned' | 'erased';
}

/** Checks the payloads of a record beside its chain: commitments, verdict lines, and that what is gone is gone by an entry that says so. */
export class PayloadCheck {
  #checked = 0;
  #neverKept = 0;
  /** First entry of a month whose payload is gone, by month and how. */
  readonly #gone = new Map<string, Gone>();
  /** Months that the record itself says are pruned or erased. */
  readonly #said = { pruned: new Set<string>(), erased: new Set<string>() };

  /** Checks one entry whose chain is right; answers what is wrong with its payload. */
  step(entry: ExportEntry): readonly RecordProblem[] {
    const header = parseObject(entry.header) ?? {};
    const { type, epoch } = header;
    if ((type === 'pruned' || type === 'erased') && typeof epoch === 'string') this.#said[type].add(epoch);
    const problem = this.#problemOf(entry, header);
    return problem === undefined ? [] : [{ position: entry.position, ...problem }];
  }

  /** Payloads that are gone without an entry that says so. */
  end(): readonly RecordProblem[] {
    return [...this.#gone].flatMap(([key, { position, state }]): RecordProblem[] => {
      const [epoch = ''] = key.split('/');
      return this.#said[state].has(epoch)
        ? []
        : [{ status: 'incomplete', position, problem: `payloads of ${epoch} are ${state}, but no entry says so` }];
    });
  }

  /** What was checked, and which months are gone. */
  summary(): PayloadSummary {
    const of = (state: Gone['state']): string[] =>
      [...this.#gone].flatMap(([key, gone]) => (gone.state === state ? [key.split('/')[0] ?? ''] : []));
    return { checked: this.#checked, pruned: of('pruned'), erased: of('erased'), neverKept: this.#neverKept };
  }

  #problemOf({ position, payload }: ExportEntry, header: Header): Omit<RecordProblem, 'position'> | undefined {
    const named = header['payload'];
    if (typeof named === 'string') return void (this.#neverKept += 1);
    if (!isObject(named) || named['commitment'] === null) return undefined;
    if (payload === undefined) return { status: 'incomplete', problem: 'the payload is not in the file' };
    if (payload.state === 'unreadable') return { status: 'tampered', problem: 'the sealed payload does not open' };
    if (payload.state !== 'open') {
      const key = `${String(named['epoch'])}/${payload.state}`;
      if (!this.#gone.has(key)) this.#gone.set(key, { position, state: payload.state });
      return undefined;
    }
    const bytes = Buffer.from(payload.bytes, 'base64');
    if (payloadCommitment(Buffer.from(payload.salt, 'base64url'), bytes) !== named['commitment'])
      return { status: 'tampered', problem: 'the payload is not what the header commits to' };
    this.#checked += 1;
    return named['kind'] === 'verdicts' ? verdictsProblem(bytes.toString('utf8'), header) : undefined;
  }
}

/** Every verdict line hashes to the leaf that the decision names. */
function verdictsProblem(text: string, header: Header): Omit<RecordProblem, 'position'> | undefined {
  const lines = parseObject(text);
  const verdicts = header['verdicts'];
  if (lines === undefined || !isObject(verdicts))
    return { status: 'tampered', problem: 'the payload is not the verdicts of a decision' };
  for (const [control, line] of Object.entries(lines)) {
    const named = verdicts[control];
    if (typeof line !== 'string' || !isObject(named) || formatDigest(merkleLeaf(line)) !== named['leaf'])
      return { status: 'tampered', problem: `the verdict of ${control} is not the one that the decision names` };
  }
  return undefined;
}

function isObject(value: unknown): value is Header {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
