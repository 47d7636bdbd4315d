import { runCanary } from '@countersign/canary';

/** Is the canary until SIGTERM or SIGINT. */
export async function run(_args: readonly string[], handleSignals: () => void): Promise<void> {
  const ended = runCanary(process.env);
  handleSignals();
  await ended;
  process.exit(0);
}
