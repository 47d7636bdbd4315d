/** Prefix of an agent's reply subjects, the only ones that it may subscribe. */
export function agentInboxPrefix(agent: string): string {
  return `_INBOX_${agent}`;
}
