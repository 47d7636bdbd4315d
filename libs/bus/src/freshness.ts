/** Whether what a service knows of another is up to date. What is not denies. */
export abstract class Freshness {
  abstract readonly name: string;
  /** True only when the model was read to its end and its owner's last tick is young enough. */
  abstract fresh(): boolean;
  /** Milliseconds since the owner's last tick; infinite before the first. */
  abstract stalenessMs(): number;
}
