/** Services with a process and a schema of their own. */
export const SERVICES = ['registry', 'policy', 'guardrails', 'trust', 'budget', 'audit', 'dispatcher'] as const;
/** A service with a process of its own. */
export type ServiceName = (typeof SERVICES)[number];
