import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { microsOfDecimal } from '@countersign/primitives';
import type { Part, TaskInput } from '@countersign/agent-sdk';
import { parse } from 'yaml';
import { z } from 'zod';

/** One task of the demo. */
export const demoTaskSchema = z.strictObject({
  name: z.string(),
  says: z.string(),
  to: z.string(),
  from: z.string().default('playground'),
  taskType: z.string(),
  instruction: z.string(),
  data: z.strictObject({ file: z.string(), origin: z.string() }).optional(),
  maxCost: z.string().optional(),
  /** Models that the task asks for. */
  models: z.array(z.string()).optional(),
  /** How many people approve it. */
  approve: z.number().int().min(0).max(2).default(0),
  revoke: z.boolean().default(false),
  /** An agent whose score has to have fallen before the task is submitted. */
  fallen: z.string().optional(),
  freeze: z.enum(['registry', 'policy', 'guardrails', 'trust', 'budget', 'audit']).optional(),
  expect: z.strictObject({
    state: z.string(),
    code: z.string().optional(),
    codes: z.array(z.string()).optional(),
    orState: z.string().optional(),
    round: z.number().optional(),
    /** What the answer says, word for word. */
    says: z.string().optional(),
    /** What the answer must not say. */
    hides: z.string().optional(),
  }),
});
/** One task of the demo. */
export type DemoTask = z.output<typeof demoTaskSchema>;

/** Reads the tasks of the demo. */
export function readDemo(folder: string): readonly DemoTask[] {
  return z.array(demoTaskSchema).parse(parse(readFileSync(join(folder, 'tasks.yaml'), 'utf8')));
}

/** The task as it is submitted. */
export function inputOf(task: DemoTask, folder: string, target: string): TaskInput {
  const parts: Part[] = [{ channel: 'instruction', text: task.instruction }];
  if (task.data !== undefined)
    parts.push({ channel: 'data', origin: task.data.origin, text: readFileSync(join(folder, task.data.file), 'utf8') });
  return {
    target,
    taskType: task.taskType,
    parts,
    ...(task.models === undefined ? {} : { models: [...task.models] }),
    ...(task.maxCost === undefined ? {} : { maxCostMicros: microsOfDecimal(task.maxCost).toString() }),
  };
}

/** What came of a task, as far as it was expected. */
export interface Found {
  readonly state: string;
  readonly code?: string | undefined;
  readonly round?: number | undefined;
  readonly parts?: readonly Part[] | undefined;
  /** How many people approved it. */
  readonly approvals: number;
}

/** Why an outcome is not the expected one; undefined when it is. */
export function surpriseOf({ expect, approve }: DemoTask, found: Found): string | undefined {
  const { state, code, codes = code === undefined ? [] : [code], orState, round, says, hides } = expect;
  if (found.state !== state && found.state !== orState)
    return `expected ${state}, got ${found.state} ${found.code ?? ''}`;
  if (found.state === state && codes.length > 0 && !codes.includes(found.code ?? ''))
    return `expected ${codes.join(' or ')}, got ${found.code ?? 'no code'}`;
  if (round !== undefined && found.round !== round) return `expected round ${round}, got ${found.round ?? 0}`;
  if (found.approvals !== approve) return `expected ${approve} approvals, got ${found.approvals}`;
  const said = JSON.stringify(found.parts ?? []);
  if (says !== undefined && !said.includes(says)) return `expected an answer that says ${says}`;
  return hides !== undefined && said.includes(hides) ? `expected an answer without ${hides}` : undefined;
}
