import { Injectable } from '@nestjs/common';
import type { TaskKey, VerdictItem } from '@countersign/contracts';
import { denial, type Judgement } from '@countersign/bus';
import { ReadModels, TaskFacts } from '@countersign/service-host';
import { ALGORITHM } from '../domain/algorithm.js';
import { codesOf, type CheckedGate } from '../domain/gates.js';
import { Gatekeeper } from './gatekeeper.js';
import { EvidenceSource } from './ports.js';
import type { FullStanding } from './standings.js';

/** Judges whether both ends of a task are trusted enough: every gate has to pass, and nothing is judged from stale evidence. */
@Injectable()
export class TaskJudge {
  readonly #facts: TaskFacts;

  constructor(
    models: ReadModels,
    private readonly evidence: EvidenceSource,
    private readonly gatekeeper: Gatekeeper,
  ) {
    this.#facts = new TaskFacts(models);
  }

  /** The judgement on a task of a client to a target at an instant (ms); `look` keeps nothing. */
  judge(
    key: TaskKey,
    targetId: string,
    { now, how }: { readonly now: number; readonly how: 'standing' | 'look' },
  ): Judgement {
    if (!this.evidence.fresh()) return denial({ code: 'TRUST_EVIDENCE_STALE', side: 'client' });
    const parties = this.#facts.parties(key, targetId);
    if (parties === undefined) return denial({ code: 'TRUST_UNKNOWN_AGENT', side: 'client' });
    const { gates, client, target } = this.gatekeeper.check(parties, now, how);
    const codes = codesOf(gates);
    const isForeign = parties.targetOrg.org !== key.org;
    return {
      decision: codes.length === 0 ? 'APPROVE' : 'DENY',
      codes,
      details: {
        client: detailsOf(client),
        target: isForeign ? { ...scoreOf(target) } : detailsOf(target),
        gates: gates.map(gateDetails),
      },
      versions: { algorithm: ALGORITHM },
      score: { client: scoreOf(client), target: scoreOf(target) },
    };
  }
}

type Detail = VerdictItem['details'][string];

const scoreOf = ({ score, level }: FullStanding): NonNullable<VerdictItem['score']>['client'] => ({ score, level });

/** What `explain` tells of a standing: points in hundredths, and which caps hold it down. */
function detailsOf({ score, level, breakdown: { raw, binding } }: FullStanding): Detail {
  return { score, level, raw, binding: [...binding] };
}

/** The verdict stands in the record of the client's organisation: of the other organisation's gates it says whether they pass, not what they ask. */
function gateDetails({ gate, required, actual, pass, side }: CheckedGate): Detail {
  if (side === 'target') return { gate, pass };
  return { gate, required: { ...required }, actual: { score: actual.score, level: actual.level }, pass };
}
