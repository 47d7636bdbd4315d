/** Why the system is asked to end; `launcher-gone` is the kill -9 of the program that started this one. */
export type ShutdownReason = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'launcher-gone';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Calls `drain` once, at the first reason to end; one Ctrl-C may arrive twice, so further signals are left alone. Returns what takes the handlers back. */
export function onShutdown(drain: (reason: ShutdownReason) => void): () => void {
  let asked = false;
  const ask = (reason: ShutdownReason): void => {
    if (asked) return;
    asked = true;
    drain(reason);
  };
  const launcherGone = (): void => ask('launcher-gone');
  for (const signal of SIGNALS) process.on(signal, ask);
  process.on('disconnect', launcherGone);
  // Listening must not keep a finished program alive.
  process.channel?.unref();
  return () => {
    for (const signal of SIGNALS) process.off(signal, ask);
    process.off('disconnect', launcherGone);
  };
}
