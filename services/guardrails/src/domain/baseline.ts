import { guardrailSchema, type Guardrail } from '@countersign/contracts';

/** The guardrails that every organisation starts with. */
export const BASELINE: readonly Guardrail[] = [
  {
    id: 'prompt-injection',
    name: 'Prompt injection',
    version: 1,
    stage: 'BOTH',
    category: 'SECURITY',
    packs: ['prompt-injection'],
    action: 'BLOCK',
    timeoutMs: 500,
    enabled: true,
  },
  {
    id: 'secrets',
    name: 'Secrets',
    version: 1,
    stage: 'BOTH',
    category: 'SECURITY',
    packs: ['secrets'],
    action: 'BLOCK',
    timeoutMs: 500,
    enabled: true,
  },
].map((guardrail) => guardrailSchema.parse(guardrail));
