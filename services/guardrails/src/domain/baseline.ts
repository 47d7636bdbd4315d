import { guardrailSchema, type Guardrail } from '@countersign/contracts';

/** The guardrails that every organisation starts with; docs/adr/0018 says why these. */
export const BASELINE: readonly Guardrail[] = [
  { id: 'prompt-injection', name: 'Prompt injection', stage: 'BOTH', packs: ['prompt-injection'], action: 'BLOCK' },
  { id: 'jailbreak', name: 'Jailbreak', stage: 'INPUT', packs: ['jailbreak'], action: 'BLOCK' },
  { id: 'secrets', name: 'Secrets', stage: 'BOTH', packs: ['secrets'], action: 'BLOCK' },
  {
    id: 'exfiltration',
    name: 'Ways out for data',
    stage: 'OUTPUT',
    packs: ['exfiltration', 'exfiltration-channels'],
    action: 'BLOCK',
  },
  { id: 'prompt-leak', name: 'System prompt', stage: 'OUTPUT', packs: ['prompt-leak'], action: 'BLOCK' },
  { id: 'personal-data', name: 'Personal data of others', stage: 'OUTPUT', packs: ['pii'], action: 'REDACT' },
].map((guardrail, order) =>
  guardrailSchema.parse({ version: 1, category: 'SECURITY', timeoutMs: 500, enabled: true, order, ...guardrail }),
);
