import type { TaskKey } from '@countersign/contracts';
import type { FullLimit, RateOutcome } from './clauses/230-rate.js';
import type { Level } from './model.js';

/** Whose admissions are counted together. `inbound` are those of strangers to an organisation: they cannot use up what its own agents may send. */
export interface RateScope {
  readonly org: string;
  readonly kind: 'connection' | 'agent' | 'org' | 'inbound';
  readonly id: string;
}

/** At most `limit` admissions in every interval of `periodMs` that ends with one. */
export interface RateRule {
  readonly scope: RateScope;
  readonly level: Level;
  readonly rule: string;
  readonly limit: number;
  readonly periodMs: number;
}

/** One attempt that wants to pass some rules; all of them or none count it. */
export interface RateRequest {
  readonly key: TaskKey;
  readonly attempt: number;
  readonly rules: readonly RateRule[];
}

/** The log of a rule as it stood when it was locked: how many admissions it has had, when the last was, and the instants of those that matter. Times in microseconds. */
export interface RateLog {
  readonly seq: bigint;
  readonly lastAt: bigint;
  readonly slots: ReadonlyMap<bigint, bigint>;
}

/** What a batch adds to the log of a rule. */
export interface RateAdditions {
  readonly rule: RateRule;
  readonly seq: bigint;
  readonly lastAt: bigint;
  readonly slots: readonly { readonly n: bigint; readonly at: bigint }[];
  /** Slots before this number that are not younger than `oldAt` matter no more. */
  readonly below: bigint;
  readonly oldAt: bigint;
}

/** An attempt that took its token. */
export interface RateToken {
  readonly key: TaskKey;
  readonly attempt: number;
}

/** Identity of a rule's log. */
export function ruleText({ scope, rule }: Pick<RateRule, 'scope' | 'rule'>): string {
  return `${scope.org}/${scope.kind}/${scope.id}/${rule}`;
}

/** Identity of an attempt's token. */
export function tokenText({ key, attempt }: RateToken): string {
  return `${key.org}/${key.agent}/${key.task}/${attempt}`;
}

interface Entry {
  rule: RateRule;
  seq: bigint;
  lastAt: bigint;
  readonly slots: Map<bigint, bigint>;
  readonly added: { readonly n: bigint; readonly at: bigint }[];
}

const MICROS_PER_MS = 1_000n;

/**
 * The admissions of a batch. Admissions of a rule are numbered, so its N-th newest is found by its number: one more is admitted when that one does not exist or
 * is as old as the period. That is exact in every interval, where a bucket or a counter per minute admits up to twice as many. `now` in microseconds is the
 * database's clock, read while the logs are locked; time never runs backwards in a log.
 */
export class RateLogs {
  readonly #entries = new Map<string, Entry>();
  readonly #taken: RateToken[] = [];
  readonly #tokens: Set<string>;

  constructor(
    private readonly now: bigint,
    private readonly logs: ReadonlyMap<string, RateLog>,
    tokens: ReadonlySet<string>,
  ) {
    this.#tokens = new Set(tokens);
  }

  /** Admits an attempt to all of its rules, or to none; one that has its token is admitted without another. */
  admit(request: RateRequest): RateOutcome {
    if (this.#tokens.has(tokenText(request))) return { kind: 'admitted' };
    const full = request.rules.flatMap((rule) => this.#full(rule));
    if (full.length > 0) return { kind: 'limited', full };
    for (const rule of request.rules) this.#take(rule);
    this.#tokens.add(tokenText(request));
    this.#taken.push({ key: request.key, attempt: request.attempt });
    return { kind: 'admitted' };
  }

  /** Attempts that took a token here. */
  get taken(): readonly RateToken[] {
    return this.#taken;
  }

  /** What has to be written of every log that changed. */
  get additions(): readonly RateAdditions[] {
    return [...this.#entries.values()]
      .filter(({ added }) => added.length > 0)
      .map(({ rule, seq, lastAt, added }) => ({
        rule,
        seq,
        lastAt,
        slots: added,
        below: seq - BigInt(rule.limit),
        oldAt: lastAt - periodOf(rule),
      }));
  }

  #full(rule: RateRule): readonly FullLimit[] {
    const { level, rule: name, limit } = rule;
    if (limit === 0) return [{ level, rule: name, limit, retryAfterMs: undefined }];
    const { seq, slots, lastAt } = this.#entry(rule);
    const oldest = slots.get(seq - BigInt(limit));
    const freeAt = oldest === undefined ? undefined : oldest + periodOf(rule);
    const now = this.#nowIn(lastAt);
    if (freeAt === undefined || freeAt <= now) return [];
    return [{ level, rule: name, limit, retryAfterMs: Number((freeAt - now + MICROS_PER_MS - 1n) / MICROS_PER_MS) }];
  }

  #take(rule: RateRule): void {
    const entry = this.#entry(rule);
    const at = this.#nowIn(entry.lastAt);
    entry.slots.set(entry.seq, at);
    entry.added.push({ n: entry.seq, at });
    entry.seq += 1n;
    entry.lastAt = at;
  }

  #nowIn(lastAt: bigint): bigint {
    return lastAt > this.now ? lastAt : this.now;
  }

  #entry(rule: RateRule): Entry {
    const text = ruleText(rule);
    const known = this.#entries.get(text);
    if (known !== undefined) return known;
    const log = this.logs.get(text) ?? { seq: 0n, lastAt: 0n, slots: new Map<bigint, bigint>() };
    const entry = { rule, seq: log.seq, lastAt: log.lastAt, slots: new Map(log.slots), added: [] };
    this.#entries.set(text, entry);
    return entry;
  }
}

const periodOf = ({ periodMs }: RateRule): bigint => BigInt(periodMs) * MICROS_PER_MS;
