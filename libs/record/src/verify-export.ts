import type { Digest } from '@countersign/primitives';
import { TrustBundle } from '@countersign/identity';
import { ChainWalker } from './chain.js';
import { exportEntrySchema, exportHeadSchema, type ExportHead } from './export-file.js';
import { PayloadCheck, type PayloadSummary } from './payload-check.js';
import { originOf } from './checkpoint.js';
import type { RecordProblem, RecordStatus } from './record-problem.js';
import { deploymentOf, fingerprintOf, openNote, type OpenedNote } from './signed-note.js';

/** What an exported record proves. */
export interface RecordReport {
  readonly status: RecordStatus;
  readonly org: string | null;
  /** Entries that were checked. */
  readonly size: number;
  readonly root: Digest | null;
  /** Size that the signed checkpoint covers. */
  readonly signedSize: number | null;
  readonly signedBy: string | null;
  /** The first thing that is wrong, entries first in their order. */
  readonly first: RecordProblem | null;
  readonly problems: readonly RecordProblem[];
  readonly payloads: PayloadSummary;
}

const NOTHING: PayloadSummary = { checked: 0, pruned: [], erased: [], neverKept: 0 };

/**
 * Verifies an exported record line by line, with nothing but the installation's public key: trust bundle, signed checkpoint, chain, canonical headers, RFC 6962
 * root at the signed size, and where payloads are in the file their commitments and the verdicts that decisions were taken on. Memory does not grow with the file.
 */
export class RecordVerifier {
  readonly #problems: RecordProblem[] = [];
  #head: ExportHead | undefined;
  #note: OpenedNote | undefined;
  #walker: ChainWalker | undefined;
  #payloads: PayloadCheck | undefined;
  #rootAtSigned: Digest | undefined;
  #broken = false;

  /** `installationKey` is the public key (base64url) from elsewhere; without one a record can be whole but not authentic. */
  constructor(private readonly installationKey: string | undefined) {}

  /** Takes the next line of the file, without its line feed. */
  line(text: string): void {
    if (this.#broken) return;
    if (this.#head === undefined) this.#first(text);
    else this.#entry(text, this.#head);
  }

  /** Says what the whole file came to. */
  finish(): RecordReport {
    const head = this.#head;
    if (head === undefined && !this.#broken) this.#add('incomplete', null, 'the file is empty');
    if (head !== undefined && !this.#broken) this.#end(head);
    const [first] = this.#problems;
    const worst = this.#problems.some(({ status }) => status === 'tampered') ? 'tampered' : 'incomplete';
    return {
      status: first === undefined ? 'ok' : worst,
      org: head?.org ?? null,
      size: this.#walker?.size ?? 0,
      root: this.#walker?.root() ?? null,
      signedSize: this.#note?.checkpoint.size ?? null,
      signedBy: this.#note?.signedBy ?? null,
      first: this.#problems.find(({ status }) => status === worst) ?? null,
      problems: this.#problems,
      payloads: this.#payloads?.summary() ?? NOTHING,
    };
  }

  #add(status: RecordProblem['status'], position: number | null, problem: string): void {
    this.#problems.push({ status, position, problem });
  }

  #stop(status: RecordProblem['status'], position: number | null, problem: string): void {
    this.#add(status, position, problem);
    this.#broken = true;
  }

  #first(text: string): void {
    const head = exportHeadSchema.safeParse(jsonOf(text));
    if (!head.success) return this.#stop('incomplete', null, 'the first line is not the head of an exported record');
    this.#head = head.data;
    this.#walker = new ChainWalker(head.data.org);
    this.#payloads = head.data.payloads ? new PayloadCheck() : undefined;
    this.#readNote(head.data);
    if (this.#note?.checkpoint.size === 0) this.#rootAtSigned = this.#walker.rootOfAll();
  }

  #readNote(head: ExportHead): void {
    const { installationKey: key } = this;
    if (key === undefined)
      this.#add('incomplete', null, 'no installation key was given: nobody can tell whose record this is');
    if (key !== undefined && head.installationKey !== fingerprintOf(key))
      this.#add(
        'tampered',
        null,
        `the record names the installation key ${head.installationKey}, given was ${fingerprintOf(key)}`,
      );
    const bundle = key === undefined ? undefined : openBundle(head, key);
    if (key !== undefined && bundle === undefined)
      this.#add('tampered', null, 'the trust bundle is not signed by the installation key');
    this.#note = openNote(head.checkpoint, bundle?.body ?? { v: 1, version: 1, keys: [] });
    if (this.#note === undefined) return this.#add('tampered', null, 'the checkpoint is not a signed note');
    if (bundle !== undefined && this.#note.signedBy === undefined)
      this.#add('tampered', null, 'the checkpoint is not signed by a key of audit in the trust bundle');
    this.#compareOrigin(head, this.#note.checkpoint.origin);
  }

  #compareOrigin(head: ExportHead, origin: string): void {
    const { installationKey: key } = this;
    const expected = key === undefined ? head.origin : originOf(deploymentOf(key), head.org);
    if (origin !== expected || head.origin !== expected)
      this.#add('tampered', null, `the checkpoint is of ${origin}, this record would be ${expected}`);
  }

  #entry(text: string, head: ExportHead): void {
    const walker = this.#walker ?? new ChainWalker(head.org);
    const entry = exportEntrySchema.safeParse(jsonOf(text));
    if (!entry.success)
      return this.#stop('incomplete', walker.size, 'the line is not an entry; the file may be cut off here');
    const broken = walker.step(entry.data);
    if (broken !== undefined) return this.#stop('tampered', broken.position, broken.problem);
    for (const problem of this.#payloads?.step(entry.data) ?? []) this.#problems.push(problem);
    if (walker.size === this.#note?.checkpoint.size) this.#rootAtSigned = walker.root();
  }

  #end(head: ExportHead): void {
    const size = this.#walker?.size ?? 0;
    for (const problem of this.#payloads?.end() ?? []) this.#problems.push(problem);
    if (size < head.size) this.#add('incomplete', size, `the file ends here, its head names ${head.size} entries`);
    if (size > head.size) this.#add('tampered', head.size, `the head names ${head.size} entries, the file goes on`);
    if (size === head.size && (this.#walker?.rootOfAll() !== head.root || headOf(this.#walker) !== head.head))
      this.#add('tampered', null, 'the head of the file names another root or last entry');
    this.#compareSigned(size);
  }

  #compareSigned(size: number): void {
    const signed = this.#note?.checkpoint;
    if (signed === undefined) return;
    if (signed.size > size)
      return this.#add('incomplete', size, `the file ends here, the checkpoint was signed over ${signed.size} entries`);
    if (this.#rootAtSigned !== signed.root)
      this.#add(
        'tampered',
        null,
        `the checkpoint was signed over another record: its root at ${signed.size} entries is not this one's`,
      );
    else if (signed.size < size)
      this.#add(
        'incomplete',
        signed.size,
        `the checkpoint covers ${signed.size} entries only; from here on nothing is signed`,
      );
  }
}

function headOf(walker: ChainWalker | undefined): Digest | null {
  return walker === undefined || walker.size === 0 ? null : walker.head;
}

function openBundle(head: ExportHead, installationKey: string): TrustBundle | undefined {
  try {
    return TrustBundle.open(head.trustBundle, installationKey);
  } catch {
    return undefined;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
