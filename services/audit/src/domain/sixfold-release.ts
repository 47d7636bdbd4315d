import { CONTROLS } from '@countersign/contracts';
import { parseObject } from '@countersign/record';

/** The type of a decision's entry. */
export const DECIDED = 'decided';

/** Whether the header of an entry is a release with the leaf of a verdict of each control, none of which denied: what every claim has to rest on. */
export function isSixfoldRelease(header: string | undefined): boolean {
  const entry = header === undefined ? undefined : parseObject(header);
  if (entry?.['type'] !== DECIDED || entry['decision'] !== 'release') return false;
  const verdicts = objectOf(entry['verdicts']);
  return CONTROLS.every((control) => {
    const { leaf, decision } = objectOf(verdicts[control]);
    return typeof leaf === 'string' && leaf !== '' && decision !== 'DENY';
  });
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
