import { DAY_MS } from '../algorithm.js';
import type { ComplianceFacts } from '../evidence.js';
import { freshness } from './freshness.js';

/** Known software 4.00, clean scan 5.00, approved environment 3.00, data declaration 3.00; in hundredths. What is not known gives nothing. */
export function compliancePoints(facts: ComplianceFacts, now: number): number {
  const scanned =
    facts.scan !== undefined && facts.scan.openCritical === 0 && facts.scan.openHigh === 0
      ? Math.floor(500 * freshness(now - facts.scan.at, 30 * DAY_MS))
      : 0;
  const declared =
    facts.dataDeclaration === undefined ? 0 : Math.floor(300 * freshness(now - facts.dataDeclaration.at, 365 * DAY_MS));
  return (
    (facts.knownSoftwareDigest === true ? 400 : 0) + scanned + (facts.environmentApproved === true ? 300 : 0) + declared
  );
}
