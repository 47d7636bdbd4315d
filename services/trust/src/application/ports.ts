import type { AgentRef } from '@countersign/contracts';
import type { LevelState } from '../domain/levels.js';
import type { Observation } from '../domain/observation.js';

/** All evidence, at hand. */
export abstract class EvidenceSource {
  /** Whether it is young enough to judge by. */
  abstract fresh(): boolean;
  /** Changes whenever evidence does. */
  abstract readonly version: number;
  /** What was observed of an agent. */
  abstract of(agent: AgentRef): readonly Observation[];
  /** The level at which a viewer holds an agent. */
  abstract level(viewer: string, agent: string): LevelState | undefined;
  /** Takes a new level; it is written in the background, and a crash before that computes it again. */
  abstract setLevel(viewer: string, agent: string, state: LevelState, score: number): void;
}
