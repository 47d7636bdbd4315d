/** Writes what a command found: tables for people, one JSON value for programs. */
export class Output {
  constructor(readonly json: boolean) {}

  /** A value for programs, lines for people. */
  show(value: unknown, lines: () => readonly string[]): void {
    process.stdout.write(this.json ? `${JSON.stringify(value, null, 2)}\n` : `${lines().join('\n')}\n`);
  }

  /** Rows as a table. */
  table(value: unknown, header: readonly string[], rows: readonly (readonly string[])[]): void {
    this.show(value, () => tableLines(header, rows));
  }
}

/** Lines of a table whose columns are as wide as their widest cell. */
export function tableLines(header: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return ['nothing there yet'];
  const widths = header.map((h, i) => Math.max(h.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(header), line(widths.map((w) => '-'.repeat(w))), ...rows.map(line)];
}
