import { z } from 'zod';
import { nonceSchema, uuidSchema } from './identities.js';

/** Attempts and rounds count from 1. */
export const count = z.number().int().min(1).max(10_000);
/** A place in a stream. */
export const sequence = z.number().int().min(1);
/** A sentence, bounded. */
export const text = z.string().max(400);
/** Names that are allowed: `null` any, `[]` none. */
export const list = z.array(z.string().max(129)).nullable();

/** The task an item is about; `id` is the task id. */
export const itemTaskSchema = z.object({ org: uuidSchema, agent: uuidSchema, id: uuidSchema });
/** What every item begins with. */
export const head = {
  nonce: nonceSchema,
  task: itemTaskSchema,
  attempt: count,
  round: count,
  span: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
};
