export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}
/** The steps to run and what is left for jest; throws an `Explained` for a step that does not exist. */
export declare function parse(argv: readonly string[]): { names: string[]; rest: string[] };
/** What jest reported in its JSON file, judged together with its exit code. */
export declare function countsOf(report: string, code: number): Counts;
