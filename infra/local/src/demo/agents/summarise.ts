const STOP_WORDS = new Set(
  'a an and are as at be been but by for from had has have he her his i if in into is it its itself no nor not of on or she so that the there to very was were what when whether which with without would'.split(
    ' ',
  ),
);

/** Picks the sentences whose words are most frequent in the text, in the order in which they stand. */
export function summarise(text: string, count: number): readonly string[] {
  const sentences =
    text
      .replace(/\s+/g, ' ')
      .match(/[^.!?]+[.!?]+["”]?/g)
      ?.map((s) => s.trim()) ?? [];
  const words = (s: string): string[] => (s.toLowerCase().match(/[a-z']+/g) ?? []).filter((w) => !STOP_WORDS.has(w));
  const frequency = new Map<string, number>();
  for (const word of words(text)) frequency.set(word, (frequency.get(word) ?? 0) + 1);
  const score = (s: string): number =>
    words(s).reduce((sum, word) => sum + (frequency.get(word) ?? 0), 0) / Math.max(8, words(s).length);
  const best = new Set([...sentences].sort((a, b) => score(b) - score(a)).slice(0, count));
  return sentences.filter((s) => best.has(s));
}
