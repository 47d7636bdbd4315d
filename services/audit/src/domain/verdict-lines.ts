import { canonicalBytes, formatDigest, merkleLeaf } from '@countersign/primitives';
import {
  CONTROLS,
  unpackLines,
  verdictItemSchema,
  type Control,
  type DecidedItem,
  type UnpackedLines,
} from '@countersign/contracts';
import type { DraftPayload } from './entry-draft.js';
import { codesOf } from './header-facts.js';

const lineSchema = verdictItemSchema.pick({
  type: true,
  task: true,
  attempt: true,
  round: true,
  decision: true,
  codes: true,
});

/** What a decision says of the verdicts it was taken on, checked. */
export interface CheckedVerdicts {
  /** For the header, by control: the leaf of the signed line, and what the verdict was where its line came with the decision. */
  readonly compact: Readonly<Record<string, object>>;
  /** The lines that are right, for sealing; absent when there is none. */
  readonly payload?: DraftPayload;
  /** Controls whose line is not the one that the decision names. */
  readonly mismatched: readonly Control[];
}

/** Checks every verdict line of a decision: it has to hash to the leaf that the decision names, and to be a verdict on this very evaluation. What is not is left out. */
export function checkVerdicts(item: DecidedItem): CheckedVerdicts {
  const compact: Record<string, object> = {};
  const lines: Record<string, string> = {};
  const mismatched: Control[] = [];
  const { lines: told, ...packed } = linesOf(item);
  for (const control of CONTROLS) {
    const leaf = item.verdicts[control]?.leaf;
    const line = told[control];
    const verdict = leaf === undefined || line === undefined ? undefined : verdictOf(item, leaf, line);
    if (line !== undefined && verdict === undefined) mismatched.push(control);
    if (line !== undefined && verdict !== undefined) lines[control] = line;
    if (leaf !== undefined)
      compact[control] = {
        leaf,
        decision: verdict?.decision ?? null,
        codes: verdict === undefined ? null : codesOf(verdict.codes),
      };
  }
  if (Object.keys(lines).length === 0) return { compact, mismatched };
  const bytes = canonicalBytes(lines);
  const deflated = packed.json?.equals(bytes) === true ? packed.deflated : undefined;
  return { compact, mismatched, payload: { kind: 'verdicts', bytes, ...(deflated === undefined ? {} : { deflated }) } };
}

/** What came as lines. What cannot be unpacked is a line of every verdict that is right for none. */
function linesOf({ packedLines, verdicts }: DecidedItem): Pick<UnpackedLines, 'lines'> & Partial<UnpackedLines> {
  if (packedLines === undefined) return { lines: {} };
  return (
    unpackLines(packedLines) ?? { lines: Object.fromEntries(Object.keys(verdicts).map((control) => [control, ''])) }
  );
}

function verdictOf({ task, attempt, round }: DecidedItem, leaf: string, line: string) {
  if (formatDigest(merkleLeaf(line)) !== leaf) return undefined;
  const verdict = lineSchema.safeParse(jsonOf(line)).data;
  const same =
    verdict?.task.org === task.org &&
    verdict.task.agent === task.agent &&
    verdict.task.id === task.id &&
    verdict.attempt === attempt &&
    verdict.round === round;
  return same ? verdict : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
