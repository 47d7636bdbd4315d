import type { AgentRecord, AgentRef, ConnectionRecord, OrgRecord } from '@countersign/contracts';

/** What the registry knows at the moment of judging. Absence denies. */
export interface RegistryView {
  readonly installationStopped: boolean;
  readonly org: (org: string) => OrgRecord | undefined;
  readonly agent: (ref: AgentRef) => AgentRecord | undefined;
  /** The connection of exactly this client to this target: the one that is not disconnected, else the newest that was. */
  readonly connectionTo: (client: AgentRef, target: string) => ConnectionRecord | undefined;
}
