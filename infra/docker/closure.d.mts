/** An entry of package-lock.json. */
export interface LockEntry {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}
export interface Lock {
  readonly version: string;
  readonly packages: Readonly<Record<string, LockEntry>>;
}
export function readLock(root: string): Lock;
export function closureOf(lock: Lock, start?: string): string[];
export function isOwn(path: string): boolean;
export function nameOf(path: string, entry: LockEntry): string;
