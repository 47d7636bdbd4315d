/** Runs `npm ci` when node_modules is missing, unfinished, or made from another lock file. */
export declare function ensureInstalled(root: string): Promise<void>;
/** Whether npm itself finished an installation of exactly this lock file. */
export declare function matchesLock(root: string): boolean;
