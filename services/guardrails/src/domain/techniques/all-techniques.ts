import { PACKS } from '../detection/packs.js';
import { exfiltrationChannels } from './exfiltration-channels.js';
import { grounding } from './grounding.js';
import { jsonFormat } from './json-format.js';
import { promptLeak } from './prompt-leak.js';
import type { Technique } from './technique.js';

/** Techniques that are more than rules, by the name under which a guardrail lists them among its packs; with their versions. */
export const TECHNIQUES: ReadonlyMap<string, { readonly version: number; readonly run: Technique }> = new Map([
  ['exfiltration-channels', { version: 1, run: exfiltrationChannels }],
  ['prompt-leak', { version: 1, run: promptLeak }],
  ['grounding', { version: 1, run: grounding }],
  ['json-format', { version: 1, run: jsonFormat }],
]);

/** Every name that a guardrail may list among its packs. */
export function packNames(): readonly string[] {
  return [...PACKS.keys(), ...TECHNIQUES.keys()];
}

/** Version of a pack or technique; undefined when there is none of this name. */
export function packVersion(name: string): number | undefined {
  return PACKS.get(name)?.version ?? TECHNIQUES.get(name)?.version;
}
