/** The owner that an agent has where nobody names one. */
export const OPERATORS_OWN = 'operator:local';

/**
 * Whose agent it is that is registered. Agents of one owner count as one in trust, so whoever could name owners at will would make the strangers that vouch for
 * their own agents: what a person registers is that person's. Undefined when they name somebody else; the installation's operator names whom it likes.
 */
export function ownerOf(asked: string, person: string | undefined): string | undefined {
  if (person === undefined) return asked;
  const own = `user:${person}`;
  return asked === own || asked === OPERATORS_OWN ? own : undefined;
}
