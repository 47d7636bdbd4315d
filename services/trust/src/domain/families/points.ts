/** One fact with what it gives and could give, in hundredths. */
export interface PointsFact {
  readonly fact: string;
  readonly value: string;
  readonly points: number;
  readonly max: number;
}

/** Sum of the points of facts. */
export function sumOf(facts: readonly PointsFact[]): number {
  return facts.reduce((sum, { points }) => sum + points, 0);
}
