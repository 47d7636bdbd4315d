/** A text that no other process on this machine has had under this id, or undefined when no such process lives. */
export declare function processIdentity(pid: number): string | undefined;
/** Whether the process with this id is the one the identity was taken of. */
export declare function isSameProcess(pid: number, identity: string | undefined): boolean;
