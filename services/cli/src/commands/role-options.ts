import { ROLES, type Role } from '@countersign/contracts';
import { UsageError } from '../usage-error.js';

/** An option that may be given again. */
export const collected = (value: string, values: readonly string[]): readonly string[] => [...values, value];

/** Roles by the words that stand for them; throws {@link UsageError} that names a wrong one. */
export function rolesOf(texts: readonly string[]): readonly Role[] {
  return texts.map((text) => {
    const role = ROLES.find((known) => known === text.toUpperCase());
    if (role === undefined) throw new UsageError(`--role must be one of ${roleNames()}, not ${text}`);
    return role;
  });
}

/** Every role, as one types it. */
export function roleNames(): string {
  return ROLES.map((role) => role.toLowerCase()).join(', ');
}
