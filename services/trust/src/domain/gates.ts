import type { CodeRef, Gate, OrganizationPolicy, Policy, ReasonCode, TrustLevel } from '@countersign/contracts';
import { rankOf } from './levels.js';

/** What a gate is compared with: the stable level for a level, the score (hundredths) for a score. */
export interface Standing {
  readonly score: number;
  readonly level: TrustLevel;
}

/** Documents that hold gates; an organisation without one has the default floor. */
export interface GateDocuments {
  readonly clientOrg: OrganizationPolicy;
  readonly targetOrg: OrganizationPolicy | undefined;
  readonly client: Policy | undefined;
  readonly connection: Policy | undefined;
}

/** Tells whether a standing passes a gate. */
export function passes(gate: Gate, { score, level }: Standing): boolean {
  if (gate === null) return true;
  return 'level' in gate ? rankOf(level) >= rankOf(gate.level) : score >= gate.scoreHundredths;
}

/** Every gate that a client or a target does not pass, each with its own code; all must hold. */
export function failedGates(documents: GateDocuments, client: Standing, target: Standing): readonly CodeRef[] {
  const { clientOrg, targetOrg, client: own, connection } = documents;
  const codes: CodeRef[] = [];
  const ask = (gate: Gate | undefined, standing: Standing, code: ReasonCode, side: 'client' | 'target'): void => {
    if (gate !== undefined && !passes(gate, standing)) codes.push({ code, side });
  };
  ask(clientOrg.trustFloor, client, 'TRUST_BELOW_ORG_FLOOR', 'client');
  if (codes.length === 0) ask(targetOrg?.trustFloor, client, 'TRUST_BELOW_ORG_FLOOR', 'target');
  if (![clientOrg.minTrustClient, own?.minTrustClient ?? null].every((gate) => passes(gate, client)))
    codes.push({ code: 'TRUST_BELOW_POLICY_MIN', side: 'client' });
  ask(connection?.minTrustClient, client, 'TRUST_BELOW_CONNECTION_MIN', 'client');
  const targetGates: readonly Gate[] = [
    clientOrg.trustFloor,
    clientOrg.minTrustTarget,
    own?.minTrustTarget ?? null,
    connection?.minTrustTarget ?? null,
  ];
  if (!targetGates.every((gate) => passes(gate, target)))
    codes.push({ code: 'TRUST_TARGET_BELOW_MIN', side: 'client' });
  return codes;
}
