import { Injectable } from '@nestjs/common';
import {
  DEFAULT_ORGANIZATION_POLICY,
  type OrganizationPolicy,
  type Policy,
  type PolicyRecord,
} from '@countersign/contracts';
import { ReadModels, TaskFacts, type TaskParties } from '@countersign/service-host';
import { checkGates, type CheckedGate } from '../domain/gates.js';
import { Standings, type FullStanding } from './standings.js';

/** Both ends of a connection with every gate that asks for something. */
export interface GatesOfConnection {
  readonly gates: readonly CheckedGate[];
  readonly client: FullStanding;
  readonly target: FullStanding;
}

/** Holds both ends of a connection against the gates of both organisations. */
@Injectable()
export class Gatekeeper {
  readonly #facts: TaskFacts;

  constructor(
    models: ReadModels,
    private readonly standings: Standings,
  ) {
    this.#facts = new TaskFacts(models);
  }

  /** Checks at an instant (ms); `standing` keeps levels that change, `look` keeps nothing. */
  check(parties: TaskParties, now: number, how: 'standing' | 'look'): GatesOfConnection {
    const [viewer, other] = [parties.clientOrg.org, parties.targetOrg.org];
    const client = this.standings[how](viewer, parties.client, now);
    const target = this.standings[how](viewer, parties.target, now);
    // what the target's organisation asks it asks of the client as it sees it
    const clientForTarget = viewer === other ? client : this.standings[how](other, parties.client, now);
    const records = this.#facts.policies(parties);
    const documents = {
      clientOrg: orgDocument(records.clientOrg),
      targetOrg: viewer === other ? undefined : orgDocument(records.targetOrg),
      client: documentOf(records.client),
      connection: documentOf(records.connection),
    };
    return { gates: checkGates(documents, { client, target, clientForTarget }), client, target };
  }
}

const orgDocument = (record: PolicyRecord | undefined): OrganizationPolicy =>
  record?.kind === 'org' ? record.document : DEFAULT_ORGANIZATION_POLICY;
const documentOf = (record: PolicyRecord | undefined): Policy | undefined =>
  record === undefined || record.kind === 'org' ? undefined : record.document;
