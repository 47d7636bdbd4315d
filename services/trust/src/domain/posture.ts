import { POSTURE_FACTS, type PostureFactName } from '@countersign/contracts';
import type { ComplianceFacts } from './evidence.js';

/** A fact of posture that somebody stated, with when it was seen and until when it is taken (ms). The newest statement of a fact stands. */
export interface Posture {
  readonly fact: PostureFactName;
  readonly value: unknown;
  readonly source: string;
  readonly observedAt: number;
  readonly expiresAt: number | undefined;
  readonly by: string;
}

/** What statements prove of compliance at an instant (ms). One that is over, or not in the form of its fact, proves nothing. */
export function complianceOf(posture: readonly Posture[], now: number): ComplianceFacts {
  let facts: ComplianceFacts = {};
  for (const statement of posture) {
    if (statement.observedAt > now || (statement.expiresAt !== undefined && now >= statement.expiresAt)) continue;
    facts = { ...facts, ...proofOf(statement) };
  }
  return facts;
}

function proofOf({ fact, value, observedAt }: Posture): ComplianceFacts {
  switch (fact) {
    case 'SOFTWARE_DIGEST': {
      const parsed = POSTURE_FACTS.SOFTWARE_DIGEST.safeParse(value);
      return parsed.success ? { knownSoftwareDigest: parsed.data.allowListed } : {};
    }
    case 'SCAN': {
      const parsed = POSTURE_FACTS.SCAN.safeParse(value);
      return parsed.success ? { scan: { at: observedAt, ...parsed.data } } : {};
    }
    case 'ENVIRONMENT': {
      const parsed = POSTURE_FACTS.ENVIRONMENT.safeParse(value);
      return parsed.success ? { environmentApproved: parsed.data.approved } : {};
    }
    case 'DATA_DECLARATION':
      return POSTURE_FACTS.DATA_DECLARATION.safeParse(value).success ? { dataDeclaration: { at: observedAt } } : {};
  }
}

/** The digest of the software that an agent runs, as it was last stated; that the statement is old makes the software no other. Undefined when nobody said. */
export function softwareDigestOf(posture: readonly Posture[]): string | undefined {
  const parsed = POSTURE_FACTS.SOFTWARE_DIGEST.safeParse(posture.find(({ fact }) => fact === 'SOFTWARE_DIGEST')?.value);
  return parsed.success ? parsed.data.digest : undefined;
}
