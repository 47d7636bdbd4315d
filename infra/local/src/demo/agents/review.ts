/** A finding of the reviewer: file, line in the new version, and what about it. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly note: string;
}

const CHECKS: readonly (readonly [pattern: RegExp, note: string])[] = [
  [/:\s*any\b/, 'the type any switches checking off'],
  [/\bconsole\.log\(/, 'a debug print'],
  [/\bTODO\b/, 'unfinished work'],
  [/\beval\(/, 'eval runs whatever it is given'],
  [/==[^=]/, 'loose equality'],
];

/** Reads a unified diff and looks at the lines that it adds. */
export function reviewDiff(diff: string): {
  readonly added: number;
  readonly removed: number;
  readonly findings: readonly Finding[];
} {
  let file = '';
  let line = 0;
  let added = 0;
  let removed = 0;
  const findings: Finding[] = [];
  for (const text of diff.split('\n')) {
    if (text.startsWith('+++ ')) file = text.slice(4).replace(/^b\//, '');
    else if (text.startsWith('@@')) line = Number(/\+(\d+)/.exec(text)?.[1] ?? 1) - 1;
    else if (text.startsWith('-')) removed += text.startsWith('---') ? 0 : 1;
    else if (!text.startsWith('diff ') && !text.startsWith('index ')) {
      line += 1;
      if (!text.startsWith('+')) continue;
      added += 1;
      findings.push(...notesOn(text).map((note) => ({ file, line, note })));
    }
  }
  return { added, removed, findings };
}

function notesOn(text: string): readonly string[] {
  return CHECKS.filter(([pattern]) => pattern.test(text)).map(([, note]) => note);
}
