import type { ReasonCode } from '@countersign/contracts';

/** Where a change left something: its epoch, and why it stands still, if it does. A block is lifted only when no reason is left. */
export interface Standstill {
  readonly epoch: number;
  readonly stopped: ReasonCode | undefined;
}

/** Why an organisation stands still; undefined when it does not. One reason gone leaves the other. */
export function whyOrganizationStops(status: string, killSwitch: boolean): ReasonCode | undefined {
  if (killSwitch) return 'KILL_SWITCH_ACTIVE';
  return status === 'ACTIVE' ? undefined : 'ORG_NOT_ACTIVE';
}

/** Why an agent stands still; undefined when it does not. One that was revoked stays revoked, whatever else is allowed to it. */
export function whyAgentStops(status: string, communication: boolean): ReasonCode | undefined {
  if (status === 'REVOKED') return 'AGENT_REVOKED';
  return status === 'ACTIVE' && communication ? undefined : 'CLIENT_AGENT_NOT_ACTIVE';
}
