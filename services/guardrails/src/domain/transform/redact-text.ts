import { stars } from './mask.js';

/** A stretch of a text with what is written over it. */
export interface Cut {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

const overlap = (a: Cut, b: Cut): boolean => a.start < b.end && b.start < a.end;

/**
 * Writes over a text. Of cuts that overlap the longest wins, then the leftmost; what a loser covered beyond its winner is hidden by stars, so that no value is
 * shown by half. Everything outside the cuts stays as it is.
 */
export function redactText(text: string, cuts: readonly Cut[]): string {
  const byRank = [...cuts].sort((a, b) => b.end - b.start - (a.end - a.start) || a.start - b.start);
  const kept: Cut[] = [];
  for (const cut of byRank) {
    const winners = kept.filter((winner) => overlap(winner, cut));
    if (winners.length === 0) kept.push(cut);
    else
      kept.push(
        ...uncovered(cut, winners).map((rest) => ({ ...rest, replacement: stars(text.slice(rest.start, rest.end)) })),
      );
  }
  let out = '';
  let at = 0;
  for (const { start, end, replacement } of kept.sort((a, b) => a.start - b.start)) {
    out += text.slice(at, start) + replacement;
    at = end;
  }
  return out + text.slice(at);
}

/** Stretches of a cut that none of its winners covers. */
function uncovered(cut: Cut, winners: readonly Cut[]): readonly { readonly start: number; readonly end: number }[] {
  const rests: { start: number; end: number }[] = [];
  let at = cut.start;
  for (const winner of [...winners].sort((a, b) => a.start - b.start)) {
    if (winner.start > at) rests.push({ start: at, end: winner.start });
    at = Math.max(at, winner.end);
  }
  if (at < cut.end) rests.push({ start: at, end: cut.end });
  return rests;
}
