/** Version of everything below: a changed number needs a new one, because old snapshots must stay explainable. */
export const ALGORITHM = 'trust/1';

/** A day in milliseconds. */
export const DAY_MS = 86_400_000;

/** Most points of each family, in hundredths; together 100.00. */
export const WEIGHTS = {
  identity: 2_000,
  behaviour: 4_000,
  compliance: 1_500,
  security: 1_500,
  reputation: 1_000,
} as const;
/** A family of points. */
export type Family = keyof typeof WEIGHTS;

/** Clean work older than this is not weighed: 28 half-lives leave less than 4 billionths of it. Violations are weighed for ever. */
export const HORIZON_MS = 400 * DAY_MS;

/** How fast evidence fades. */
export const HALF_LIFE_MS = { positive: 14 * DAY_MS, negative: 30 * DAY_MS } as const;

/** Jøsang's beta expectation with a pessimistic prior: a newcomer has (0 + 1) / (0 + 0 + 1 + 3) = 0.25. */
export const PRIOR = { positive: 1, negative: 3, violation: 8 } as const;

/** Bounds of what one side, one day or one group can weigh. */
export const BOUNDS = {
  perGroupAndDay: 10,
  perGroup: 25,
  ownGroup: 12.5,
  lowPerDay: 3,
  clientMediumPerDay: 6,
  targetPerGroupAndDay: 3,
  foreignTotal: 10,
} as const;

/** Throws unless the families make exactly 100.00; asked at start. */
export function assertWeights(): void {
  const sum = Object.values(WEIGHTS).reduce((a, b) => a + b, 0);
  if (sum !== 10_000) throw new Error(`the weights of trust make ${sum} hundredths instead of 10000`);
}
