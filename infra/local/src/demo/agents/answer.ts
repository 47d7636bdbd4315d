/** The line of some notes that shares most words with a question; the first of equals. */
export function answer(question: string, notes: readonly string[]): string {
  const asked = wordsOf(question);
  const shared = (line: string): number => [...wordsOf(line)].filter((word) => asked.has(word)).length;
  const best = notes.reduce((most, line) => (shared(line) > shared(most) ? line : most), '');
  return best === '' ? 'My notes say nothing about that.' : best;
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().match(/[a-z]{3,}/g));
}
