import { z } from 'zod';
import { REASON_CODE_LIST, type ReasonCode } from './reason-codes.js';

/** Schema of a code of the catalogue. */
export const reasonCodeSchema = z.enum(REASON_CODE_LIST as readonly [ReasonCode, ...ReasonCode[]]);

/** A reason with the clause that gave it: `clause` is its number in evaluation order, `side` whose organisation's rule it is, `id` the guardrail or rule. */
export const codeRefSchema = z.object({
  code: reasonCodeSchema,
  clause: z.number().int().nonnegative().optional(),
  side: z.enum(['client', 'target']).optional(),
  id: z.string().max(200).optional(),
});
/** A reason with the clause that gave it. */
export type CodeRef = z.infer<typeof codeRefSchema>;
