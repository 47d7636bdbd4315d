import type { TaskRow } from '@countersign/contracts';

const NEVER = new Date(0).toISOString();
/** Columns of the longest state and of most codes: what comes later stands under what came before. */
const WIDTHS = [36, 16, 17, 28, 5, 8];

/** What was shown of a list of tasks that is followed: a row is shown again when it has changed, and then once. */
export class FollowedTasks {
  readonly #shown = new Map<string, string>();
  #after = NEVER;

  constructor(rows: readonly TaskRow[]) {
    for (const row of rows) this.#note(row);
  }

  /** The instant of the newest change that was shown. An instant has milliseconds and rows have more, so what changed then is found again. */
  get after(): string {
    return this.#after;
  }

  /** Of rows that were found newest first those that were not shown like this yet, oldest first. */
  changed(rows: readonly TaskRow[]): readonly TaskRow[] {
    const changed = rows.filter((row) => this.#shown.get(row.task.task) !== JSON.stringify(row)).reverse();
    for (const row of changed) this.#note(row);
    return changed;
  }

  #note(row: TaskRow): void {
    this.#shown.set(row.task.task, JSON.stringify(row));
    if (row.updatedAt > this.#after) this.#after = row.updatedAt;
  }
}

/** Cells of a line that comes after a table was written. */
export function followedLine(cells: readonly string[]): string {
  return cells.map((cell, i) => cell.padEnd(WIDTHS[i] ?? 0)).join('  ');
}
