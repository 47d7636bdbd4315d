import { DAY_MS } from '../algorithm.js';
import type { ComplianceFacts } from '../evidence.js';
import { freshness } from './freshness.js';
import type { PointsFact } from './points.js';

/** How long a scan and a declaration give all their points; after twice that they give none. */
export const FRESH_MS = { scan: 30 * DAY_MS, dataDeclaration: 365 * DAY_MS } as const;

/** Known software 4.00, clean scan 5.00, approved environment 3.00, data declaration 3.00; in hundredths. What is not known gives nothing. */
export function complianceFacts(facts: ComplianceFacts, now: number): readonly PointsFact[] {
  return [
    {
      fact: 'software digest on the allow-list',
      value: yesOrNo(facts.knownSoftwareDigest),
      points: facts.knownSoftwareDigest === true ? 400 : 0,
      max: 400,
    },
    scanFact(facts.scan, now),
    {
      fact: 'approved environment',
      value: yesOrNo(facts.environmentApproved),
      points: facts.environmentApproved === true ? 300 : 0,
      max: 300,
    },
    declarationFact(facts.dataDeclaration, now),
  ];
}

function scanFact(scan: ComplianceFacts['scan'], now: number): PointsFact {
  const head = { fact: 'clean scan', max: 500 };
  if (scan === undefined) return { ...head, value: 'unknown', points: 0 };
  const found = `${scan.openCritical} critical, ${scan.openHigh} high, ${days(now - scan.at)} old`;
  const clean = scan.openCritical === 0 && scan.openHigh === 0;
  return { ...head, value: found, points: clean ? Math.floor(500 * freshness(now - scan.at, FRESH_MS.scan)) : 0 };
}

function declarationFact(declared: ComplianceFacts['dataDeclaration'], now: number): PointsFact {
  const head = { fact: 'data declaration', max: 300 };
  if (declared === undefined) return { ...head, value: 'unknown', points: 0 };
  const age = now - declared.at;
  return { ...head, value: `${days(age)} old`, points: Math.floor(300 * freshness(age, FRESH_MS.dataDeclaration)) };
}

const yesOrNo = (known: boolean | undefined): string => (known === undefined ? 'unknown' : known ? 'yes' : 'no');
const days = (ms: number): string => `${Math.floor(ms / DAY_MS)} d`;
