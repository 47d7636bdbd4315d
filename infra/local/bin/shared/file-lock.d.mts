/** Runs `work` while holding the lock file; waits for a living holder and tells `onWait(pid)` once. A dead holder's lock is taken over. */
export declare function withFileLock<T>(
  path: string,
  work: () => T | Promise<T>,
  onWait?: (pid: number) => void,
): Promise<T>;
