import { costOfTokens, err, maxMicros, ok, parseMicros, type Micros, type Result } from '@countersign/primitives';
import { MAX_AMOUNT_MICROS } from './limits.js';
import type { TaskData, Usage } from './envelope.js';
import type { Surface, TrustLevel } from './policy-document.js';
import type { PriceBookRecord, PriceEntry } from './read-models.js';

/** What a task is expected to cost at most, and by which price book. */
export interface Estimate {
  readonly estimateMicros: Micros;
  readonly priceBookVersion: number;
}

/** The entries of a price book that hold for one organisation; {@link pricesFor} makes them. */
export interface Prices {
  readonly version: number;
  readonly currency: string;
  readonly entries: readonly PriceEntry[];
}

/** The prices of an organisation: its own rows of a kind and name instead of the installation's, never those of another organisation. */
export function pricesFor(book: PriceBookRecord, org: string): Prices {
  const own = book.entries.filter((e) => e.org === org);
  const replaced = new Set(own.map(pricedThing));
  const shared = book.entries.filter((e) => e.org === undefined && !replaced.has(pricedThing(e)));
  return { version: book.version, currency: book.currency, entries: [...shared, ...own] };
}

function pricedThing({ kind, name }: PriceEntry): string {
  return `${kind} ${name ?? ''}`;
}

/** Why there is no estimate. */
export type EstimateFailure = 'COST_ESTIMATE_MISSING' | 'COST_MODEL_UNPRICED';

type Spend = Pick<TaskData, 'models' | 'tools' | 'maxInputTokens' | 'maxOutputTokens' | 'maxCostMicros'>;

/**
 * The one estimate that policy's cost clauses and budget both use: the price of the most expensive model that the task may use, at the highest
 * tier its tokens can reach, plus fixed prices of request and tools; raised to the caller's declared maximum, never lowered by it. A target that
 * uses models needs both token maxima, or there is no estimate; a model without a price has none either.
 */
export function estimateCost(
  task: Spend,
  surface: Pick<Surface, 'models' | 'usesModels'>,
  book: Prices,
): Result<Estimate, EstimateFailure> {
  const fixed = fixedPrice(task.tools ?? [], book.entries);
  const models = modelsOf(task, surface, book.entries);
  const model = models.length === 0 ? ok(0n) : priceOfModels(task, models, book.entries);
  if (!model.ok) return model;
  const declared = task.maxCostMicros === undefined ? 0n : parseMicros(task.maxCostMicros);
  const estimateMicros = onTheWire(maxMicros(fixed + model.value, declared));
  return ok({ estimateMicros, priceBookVersion: book.version });
}

function modelsOf(
  task: Spend,
  surface: Pick<Surface, 'models' | 'usesModels'>,
  entries: readonly PriceEntry[],
): readonly string[] {
  if (task.models !== undefined) return task.models;
  if (!surface.usesModels) return [];
  const priced = [...new Set(entries.flatMap((e) => (e.kind === 'model' && e.name !== undefined ? [e.name] : [])))];
  const { models } = surface;
  if (models === null) return priced.length === 0 ? ['*'] : priced;
  // a pattern stands for whatever it covers; one that covers no priced model stays and is found unpriced
  return models.flatMap((m) =>
    m.endsWith('*')
      ? priced.some((p) => p.startsWith(m.slice(0, -1)))
        ? priced.filter((p) => p.startsWith(m.slice(0, -1)))
        : [m]
      : [m],
  );
}

function priceOfModels(
  task: Spend,
  models: readonly string[],
  entries: readonly PriceEntry[],
): Result<Micros, EstimateFailure> {
  const { maxInputTokens: input, maxOutputTokens: output } = task;
  if (input === undefined || output === undefined) return err('COST_ESTIMATE_MISSING');
  let dearest = 0n;
  for (const model of models) {
    const tiers = entries.filter((e) => e.kind === 'model' && e.name === model);
    if (tiers.length === 0) return err('COST_MODEL_UNPRICED');
    const reachable = tiers.filter((t) => t.tierMinTokens <= input + output);
    for (const tier of reachable.length === 0 ? tiers : reachable)
      dearest = maxMicros(dearest, priceOfTokens(tier, { input, output, cached: 0 }) + parseMicros(tier.requestMicros));
  }
  return ok(dearest);
}

function priceOfTokens(
  tier: PriceEntry,
  tokens: { readonly input: number; readonly output: number; readonly cached: number },
): Micros {
  return (
    costOfTokens(tokens.input, parseMicros(tier.inputMicrosPerMtok)) +
    costOfTokens(tokens.output, parseMicros(tier.outputMicrosPerMtok)) +
    costOfTokens(tokens.cached, parseMicros(tier.cachedInputMicrosPerMtok))
  );
}

function fixedPrice(tools: readonly string[], entries: readonly PriceEntry[]): Micros {
  let total = 0n;
  for (const e of entries)
    if (e.kind === 'request' || (e.kind === 'tool' && e.name !== undefined && tools.includes(e.name)))
      total += parseMicros(e.requestMicros);
  return total;
}

/** What {@link charge} needs to know of a finished execution. */
export interface ChargeFacts {
  readonly usage: readonly Usage[];
  readonly tools: readonly string[];
  /** The attempt's hold. */
  readonly reservedMicros: Micros;
  readonly book: Prices;
  /** The target's level in trust's verdict. */
  readonly targetLevel: TrustLevel;
  readonly usesModels: boolean;
}

/**
 * What a result is charged: the reported usage at the hold's price book, of an agent below VERIFIED never less than what was reserved.
 * Undefined when money has to be settled later as assumed: a target that uses models reported nothing, or a model without a price.
 */
export function charge(facts: ChargeFacts): Micros | undefined {
  if (facts.usesModels && facts.usage.length === 0) return undefined;
  let reported = fixedPrice(facts.tools, facts.book.entries);
  for (const use of facts.usage) {
    const cost = costOfUsage(use, facts.book.entries);
    if (cost === undefined) return undefined;
    reported += cost;
  }
  const believed = facts.targetLevel === 'VERIFIED' || facts.targetLevel === 'TRUSTED';
  return onTheWire(believed ? reported : maxMicros(reported, facts.reservedMicros));
}

/** An amount that no message could carry would leave its task without an end. */
function onTheWire(amount: Micros): Micros {
  return amount > MAX_AMOUNT_MICROS ? MAX_AMOUNT_MICROS : amount;
}

function costOfUsage(use: Usage, entries: readonly PriceEntry[]): Micros | undefined {
  const total = use.inputTokens + use.outputTokens + (use.cachedInputTokens ?? 0);
  const tier = entries
    .filter((e) => e.kind === 'model' && e.name === use.model && e.tierMinTokens <= total)
    .reduce<PriceEntry | undefined>(
      (best, e) => (best === undefined || e.tierMinTokens > best.tierMinTokens ? e : best),
      undefined,
    );
  const declared = use.costMicros === undefined ? undefined : parseMicros(use.costMicros);
  if (tier === undefined) return declared;
  const priced =
    priceOfTokens(tier, { input: use.inputTokens, output: use.outputTokens, cached: use.cachedInputTokens ?? 0 }) +
    parseMicros(tier.requestMicros);
  return declared === undefined ? priced : maxMicros(priced, declared);
}
