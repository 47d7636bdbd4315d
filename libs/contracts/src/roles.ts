/** Roles of people in an organisation; additive. What each may do is a rule of the command (`people` of its specification). */
export const ROLES = ['VIEWER', 'OPERATOR', 'APPROVER', 'AUDITOR', 'OWNER'] as const;
/** A role of a person in an organisation. */
export type Role = (typeof ROLES)[number];
