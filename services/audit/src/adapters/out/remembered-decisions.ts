/** Decisions that are remembered; the oldest leave first. */
const MOST = 2_048;

/** The header of a decision as it was appended, under the id of its event. */
export interface WrittenDecision {
  readonly org: string;
  readonly id: string;
  readonly header: string;
}

/** Appends of this process to one chain with nobody in between. */
export type Run = symbol;

/**
 * Headers of decisions as this process appended them, so that they are not read back a moment later, when their tasks are claimed. Entries never change, and every leaf is a hash over
 * all before it: while appends go on from where this process left a chain, on whatever server, the chain holds what was appended before. With a new run of them nothing is known.
 */
export class RememberedDecisions {
  readonly #headers = new Map<string, { readonly run: Run; readonly header: string }>();

  /** Remembers decisions of a committed transaction. */
  keep(written: readonly WrittenDecision[], runOf: (org: string) => Run | undefined): void {
    for (const { org, id, header } of written) {
      const run = runOf(org);
      if (run !== undefined) this.#headers.set(id, { run, header });
    }
    for (const id of this.#headers.keys()) {
      if (this.#headers.size <= MOST) return;
      this.#headers.delete(id);
    }
  }

  /** Gives the header of a decision away that was appended in this run: a task is claimed once, and what is let go of early is cheap to clear away. */
  take(id: string, run: Run | undefined): string | undefined {
    const found = this.#headers.get(id);
    this.#headers.delete(id);
    return found?.run === run ? found?.header : undefined;
  }
}
