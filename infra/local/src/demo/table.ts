import { CONTROLS } from '@countersign/contracts';
import { decimalOfMicros, parseMicros } from '@countersign/primitives';
import type { DemoOutcome } from './task-run.js';

const COLUMNS = { task: 20, parties: 23, outcome: 11, reason: 27, ms: 5 } as const;

/** The head of the table of outcomes. */
export const DEMO_HEADER = row({
  task: 'TASK',
  parties: 'FROM → TO',
  verdicts: CONTROLS.map((control) => control[0]).join(''),
  outcome: 'OUTCOME',
  reason: 'REASON',
  ms: 'MS',
  note: 'COST, NOTE',
});

/** An outcome as a line of the table: 108 characters before its last column, with the time that stands before it. */
export function lineOf(outcome: DemoOutcome): string {
  const { task, answer, ms, surprise, verdicts } = outcome;
  const line = row({
    task: task.name,
    parties: `${task.from} → ${task.to}`,
    verdicts,
    outcome: answer.state,
    reason: answer.code ?? '',
    ms: String(Math.round(ms)),
    note: notesOf(outcome).join(' '),
  });
  return surprise === undefined ? line : `${line}   ← ${surprise}`;
}

/** What it cost, how many people approved, when to come back, what the answer shows of what was hidden, how a score fell. */
function notesOf({ task, answer, approvals, fallen }: DemoOutcome): readonly string[] {
  const { chargedMicros = '0', retryAfterMs } = answer;
  return [
    ...(parseMicros(chargedMicros) === 0n ? [] : [decimalOfMicros(parseMicros(chargedMicros))]),
    ...(approvals === 0 ? [] : [`by ${approvals}`]),
    ...(retryAfterMs === undefined ? [] : [`in ${(retryAfterMs / 1000).toFixed(1)} s`]),
    ...(task.expect.hides === undefined ? [] : [task.expect.says ?? '']),
    ...(fallen === undefined ? [] : [`${score(fallen.before)}→${score(fallen.after)}`]),
  ];
}

/** Hundredths as people read them. */
const score = (hundredths: number): string => (hundredths / 100).toFixed(2);

function row(cells: Readonly<Record<keyof typeof COLUMNS | 'verdicts' | 'note', string>>): string {
  const { task, parties, outcome, reason, ms } = COLUMNS;
  return [
    cells.task.padEnd(task),
    cells.parties.padEnd(parties),
    cells.verdicts,
    cells.outcome.padEnd(outcome),
    cells.reason.padEnd(reason),
    cells.ms.padStart(ms),
    cells.note,
  ]
    .join(' ')
    .trimEnd();
}
