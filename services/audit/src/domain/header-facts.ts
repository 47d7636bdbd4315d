import type { CodeRef, Facts, GuardrailOutcome } from '@countersign/contracts';

type Versions = Readonly<Record<string, string | number>>;

/** What the record says of the facts that a decision or an end carries. Every key is named here, so that nothing a control may add comes into a header. */
export function factsOf(facts: Facts): Readonly<Record<string, unknown>> {
  const guardrails = facts.guardrails ?? [];
  return {
    agentLevel: facts.client?.level ?? null,
    agentScore: facts.client?.score ?? null,
    targetLevel: facts.targetTrust?.level ?? null,
    targetScore: facts.targetTrust?.score ?? null,
    taskType: facts.taskType ?? null,
    target: facts.target?.agent ?? null,
    targetOrg: facts.target?.org ?? null,
    connection: facts.connection ?? null,
    clause: facts.clause ?? null,
    estimateMicros: facts.estimateMicros ?? null,
    priceBookVersion: facts.priceBookVersion ?? null,
    versions: Object.fromEntries(
      Object.entries(facts.versions ?? {}).flatMap(([control, versions]) =>
        versions === undefined ? [] : [[control, versionsOf(versions)]],
      ),
    ),
    guardrails: guardrails.map(guardrailOf),
    spanHashes: spanHashesOf(guardrails),
    retryAfterMs: facts.retryAfterMs ?? null,
    nextOpenAt: facts.nextOpenAt ?? null,
    missing: facts.missing ?? null,
  };
}

/** Reasons as they are written: absent keys are left out, which canonical JSON cannot. */
export function codesOf(codes: readonly CodeRef[]): readonly object[] {
  return codes.map(({ code, clause, side, id }) => ({
    code,
    ...(clause === undefined ? {} : { clause }),
    ...(side === undefined ? {} : { side }),
    ...(id === undefined ? {} : { id }),
  }));
}

/** A guardrail's result without content: of what it found the part, the kind and a keyed hash. Its duration is no fact of the record. */
export function guardrailOf(result: GuardrailOutcome): object {
  const { id, version, outcome, action, by, category, code, shadow, spans = [] } = result;
  return {
    ...{ id, version, outcome, action },
    by: by ?? null,
    category: category ?? null,
    code: code ?? null,
    shadow: shadow ?? false,
    spans: spans.map(({ part, kind, hash }) => ({ part, kind, hash })),
  };
}

/** Hashes of everything that guardrails found, each once and in order: by them the same text is found again elsewhere. */
export function spanHashesOf(results: readonly GuardrailOutcome[]): readonly string[] {
  return [...new Set(results.flatMap(({ spans = [] }) => spans.map(({ hash }) => hash)))].sort();
}

/** Versions as they are written: a number that is no safe integer has no canonical form and is written as text. */
export function versionsOf(versions: Versions): Versions {
  return Object.fromEntries(
    Object.entries(versions).map(([key, value]) => [
      key,
      typeof value === 'number' && !Number.isSafeInteger(value) ? String(value) : value,
    ]),
  );
}
