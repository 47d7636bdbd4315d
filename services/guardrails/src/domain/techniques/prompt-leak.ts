import type { KeyedHash } from '../transform/mask.js';
import { inTime, wholeField, type PromptFingerprint, type Technique } from './technique.js';

const WORDS = 8;
const SHARE = 0.3;
const RUN_WORDS = 24;

/** Words of a text, folded (NFKC, lower case). */
export function wordsOf(text: string): readonly string[] {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** Keyed hashes of every 8 words in a row; of a shorter text none. */
export function shinglesOf(text: string, hash: KeyedHash): readonly string[] {
  const words = wordsOf(text);
  return Array.from({ length: Math.max(0, words.length - WORDS + 1) }, (_, i) =>
    hash('shingle', words.slice(i, i + WORDS).join(' ')).slice(0, 16),
  );
}

/** How much of a prompt a text repeats: the share of its shingles, and the longest run in words. */
export interface PromptOverlap {
  readonly share: number;
  readonly longestRunWords: number;
}

/** Compares texts with a prompt; a run ends where a text ends. */
export function promptOverlap(texts: readonly (readonly string[])[], prompt: PromptFingerprint): PromptOverlap {
  const wanted = new Set(prompt);
  const seen = new Set<string>();
  let longest = 0;
  for (const shingles of texts) {
    let run = 0;
    for (const shingle of shingles) {
      run = wanted.has(shingle) ? run + 1 : 0;
      if (run > 0) seen.add(shingle);
      longest = Math.max(longest, run);
    }
  }
  return {
    share: wanted.size === 0 ? 0 : seen.size / wanted.size,
    longestRunWords: longest === 0 ? 0 : longest + WORDS - 1,
  };
}

/** Whether this much is a leak: 30 % of the prompt, or 24 words in a row. */
export function isLeak({ share, longestRunWords }: PromptOverlap): boolean {
  return share >= SHARE || longestRunWords >= RUN_WORDS;
}

/** Finds the agent's system prompt in what it answers. Agents without a known prompt are not compared. */
export const promptLeak: Technique = ({ stage, fields, prompt }, _guardrail, { budget, hash }) => {
  if (stage !== 'OUTPUT' || prompt === undefined) return [];
  const shingles = fields.map(({ text }) => {
    inTime(budget);
    return shinglesOf(text, hash);
  });
  if (!isLeak(promptOverlap(shingles, prompt))) return [];
  const wanted = new Set(prompt);
  return shingles.flatMap((list, index) =>
    list.some((s) => wanted.has(s)) ? [wholeField(fields, index, { category: 'PROMPT_LEAK', kind: 'PROMPT' })] : [],
  );
};
