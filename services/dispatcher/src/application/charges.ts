import { Injectable } from '@nestjs/common';
import { parseMicros } from '@countersign/primitives';
import { charge, type Usage } from '@countersign/contracts';
import { ReadModels, TaskFacts } from '@countersign/service-host';
import type { TaskRecord } from '../domain/model.js';

/** What results are charged. */
@Injectable()
export class Charges {
  readonly #facts: TaskFacts;

  constructor(models: ReadModels) {
    this.#facts = new TaskFacts(models);
  }

  /** The charge at the hold's price book, as a decimal string; undefined where money has to be settled as assumed. */
  of(
    record: TaskRecord,
    result: { readonly usage: readonly Usage[]; readonly tools: readonly string[] },
  ): string | undefined {
    const { facts } = record;
    const book = this.#facts.pricesOf(facts.priceBookVersion ?? 0, record.key.org);
    if (book === undefined || facts.targetTrust === undefined) return undefined;
    const reservedMicros = parseMicros(facts.estimateMicros ?? '0');
    return charge({
      usage: result.usage,
      tools: result.tools,
      reservedMicros,
      book,
      targetLevel: facts.targetTrust.level,
      usesModels: facts.usesModels === true,
    })?.toString();
  }
}
