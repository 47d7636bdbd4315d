/** What a verification came to: 0, 1 and 2 as exit codes. */
export type RecordStatus = 'ok' | 'tampered' | 'incomplete';

/** One thing that is not as it has to be; `position` where it is about an entry. */
export interface RecordProblem {
  readonly status: Exclude<RecordStatus, 'ok'>;
  readonly position: number | null;
  readonly problem: string;
}
