import type { CodeRef, Gate, OrganizationPolicy, Policy, ReasonCode, TrustLevel } from '@countersign/contracts';
import { rankOf } from './levels.js';

/** What a gate is compared with: the stable level for a level, the score (hundredths) for a score. */
export interface Standing {
  readonly score: number;
  readonly level: TrustLevel;
}

/** Documents that hold gates; an organisation without one has the default floor. `targetOrg` only where the target belongs to another organisation. */
export interface GateDocuments {
  readonly clientOrg: OrganizationPolicy;
  readonly targetOrg: OrganizationPolicy | undefined;
  readonly client: Policy | undefined;
  readonly connection: Policy | undefined;
}

/** Standings of a task's two agents: in the eyes of the client's organisation, and the client's in those of the target's organisation too. */
export interface Standings {
  readonly client: Standing;
  readonly target: Standing;
  readonly clientForTarget: Standing;
}

/** One gate with what it asks, what there is, and the code of not passing. */
export interface CheckedGate {
  readonly gate: string;
  readonly required: Exclude<Gate, null>;
  readonly actual: Standing;
  readonly pass: boolean;
  readonly code: ReasonCode;
  /** Whose rule it is. */
  readonly side: 'client' | 'target';
}

/** Tells whether a standing passes a gate. */
export function passes(gate: Gate, { score, level }: Standing): boolean {
  if (gate === null) return true;
  return 'level' in gate ? rankOf(level) >= rankOf(gate.level) : score >= gate.scoreHundredths;
}

/** Every gate that asks for something, in order: the client's three clauses, those of the target's organisation, and what is asked of the target. All must hold. */
export function checkGates(documents: GateDocuments, standings: Standings): readonly CheckedGate[] {
  const { clientOrg, targetOrg, client: own, connection } = documents;
  const { client, target, clientForTarget } = standings;
  return [
    gate('organisation floor', clientOrg.trustFloor, client, 'TRUST_BELOW_ORG_FLOOR'),
    gate(
      "floor of the target's organisation",
      targetOrg?.trustFloor,
      clientForTarget,
      'TRUST_BELOW_ORG_FLOOR',
      'target',
    ),
    gate('organisation policy', clientOrg.minTrustClient, client, 'TRUST_BELOW_POLICY_MIN'),
    gate('agent policy', own?.minTrustClient, client, 'TRUST_BELOW_POLICY_MIN'),
    gate(
      "policy of the target's organisation",
      targetOrg?.minTrustClient,
      clientForTarget,
      'TRUST_BELOW_POLICY_MIN',
      'target',
    ),
    gate('connection', connection?.minTrustClient, client, 'TRUST_BELOW_CONNECTION_MIN'),
    gate('target: organisation floor', clientOrg.trustFloor, target, 'TRUST_TARGET_BELOW_MIN'),
    gate('target: organisation policy', clientOrg.minTrustTarget, target, 'TRUST_TARGET_BELOW_MIN'),
    gate('target: agent policy', own?.minTrustTarget, target, 'TRUST_TARGET_BELOW_MIN'),
    gate('target: connection', connection?.minTrustTarget, target, 'TRUST_TARGET_BELOW_MIN'),
  ].flat();
}

function gate(
  name: string,
  required: Gate | undefined,
  actual: Standing,
  code: ReasonCode,
  side: CheckedGate['side'] = 'client',
): readonly CheckedGate[] {
  if (required === undefined || required === null) return [];
  return [{ gate: name, required, actual, pass: passes(required, actual), code, side }];
}

/** Codes of the gates that do not pass: each code once for each side, with the first gate that gave it. */
export function codesOf(gates: readonly CheckedGate[]): readonly CodeRef[] {
  const codes = new Map<string, CodeRef>();
  for (const { code, side, gate: id, pass } of gates)
    if (!pass && !codes.has(`${code} ${side}`)) codes.set(`${code} ${side}`, { code, side, id });
  return [...codes.values()];
}
