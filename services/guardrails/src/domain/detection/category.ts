/** What a finding can be of: the categories that a refusal names in its detail. */
export const CATEGORIES = [
  'PROMPT_INJECTION',
  'PII',
  'JAILBREAK',
  'UNSAFE',
  'SECRET',
  'EXFILTRATION',
  'CANARY_LEAK',
  'PROMPT_LEAK',
  'GROUNDING',
  'FORMAT',
  'HARMFUL',
  'BRAND',
  'COMPLIANCE',
] as const;
/** What a finding can be of. */
export type Category = (typeof CATEGORIES)[number];
