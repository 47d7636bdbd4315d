import type { AgentRef, TrustLevel } from '@countersign/contracts';
import type { Ceiling, Probation } from '../domain/evidence.js';
import type { GrantUse } from '../domain/least-privilege.js';
import type { LevelState } from '../domain/levels.js';
import type { LineageEntry, LineageKey } from '../domain/lineage.js';
import type { Observation } from '../domain/observation.js';
import type { Posture } from '../domain/posture.js';

/** Everything stored about one agent; `version` changes whenever any of it does. */
export interface AgentEvidence {
  readonly version: number;
  readonly observations: readonly Observation[];
  readonly posture: readonly Posture[];
  readonly uses: readonly GrantUse[];
  readonly ceiling: Ceiling | undefined;
  readonly probation: Probation | undefined;
}

/** A score as it is kept for history; points in hundredths, `at` in ms. */
export interface Snapshot {
  readonly viewer: string;
  readonly agent: AgentRef;
  readonly at: number;
  readonly score: number;
  readonly raw: number;
  readonly level: TrustLevel;
  readonly families: Readonly<Record<string, number>>;
  readonly masses: Readonly<Record<string, number>>;
  readonly caps: readonly object[];
  readonly binding: readonly string[];
  readonly algorithm: string;
  /** What made it worth keeping. */
  readonly trigger: 'FIRST' | 'LEVEL' | 'SCORE' | 'DAILY';
}

/** All evidence, at hand. */
export abstract class EvidenceSource {
  /** Whether it is complete and young enough to judge by. */
  abstract fresh(): boolean;
  /** What is stored about an agent, at an instant (ms). */
  abstract of(agent: AgentRef, now: number): AgentEvidence;
  /** What is remembered of ended agents under any of these keys. */
  abstract lineage(org: string, keys: readonly LineageKey[]): readonly LineageEntry[];
  /** The level at which a viewer holds an agent. */
  abstract level(viewer: string, agent: string): LevelState | undefined;
  /** Takes a new level; it is written in the background, and a crash before that computes it again. */
  abstract setLevel(viewer: string, agent: string, state: LevelState, score: number): void;
  /** Organisations that hold an agent at a level. */
  abstract viewersOf(agent: string): readonly string[];
  /** The last snapshot of an agent for a viewer. */
  abstract lastSnapshot(viewer: string, agent: string): Pick<Snapshot, 'at' | 'score' | 'level'> | undefined;
  /** Keeps a snapshot; it is written in the background. */
  abstract keepSnapshot(snapshot: Snapshot): void;
  /** Hears of agents whose evidence has changed, after every look at it; the list may be empty. */
  abstract onRefreshed(listener: (changed: readonly AgentRef[]) => void): void;
}
