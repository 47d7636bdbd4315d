import { detect } from '../domain/detection/detect.js';
import { PACKS } from '../domain/detection/packs.js';

/** Milliseconds for texts of one length. */
export interface LatencyReport {
  readonly characters: number;
  readonly runs: number;
  readonly p50: number;
  readonly p99: number;
}

const LENGTHS = [200, 2_048, 8_192, 65_536];
const BUDGET = 4_000_000;
const STEP = 104_729;

/** Times all packs on pieces of a text, shorter ones more often. `now` gives milliseconds. */
export function latencyReport(text: string, now: () => number): readonly LatencyReport[] {
  return LENGTHS.filter((length) => length * 2 < text.length).map((characters) => {
    const runs = Math.max(20, Math.min(1_000, Math.floor(BUDGET / characters)));
    const times = Array.from({ length: runs }, (_, i) => {
      const at = (i * STEP) % (text.length - characters);
      return timeOf(text.slice(at, at + characters), now);
    }).sort((a, b) => a - b);
    const quantile = (q: number): number => Math.round((times[Math.floor(runs * q)] ?? 0) * 100) / 100;
    return { characters, runs, p50: quantile(0.5), p99: quantile(0.99) };
  });
}

function timeOf(text: string, now: () => number): number {
  const field = { path: ['text'], part: 0, text, origin: 'data', external: true, leaf: 'text' } as const;
  const began = now();
  detect([field], [...PACKS.keys()], { expired: () => false });
  return now() - began;
}
