/** Where a nats-server came from. */
export type NatsServerSourceName = 'path' | 'cache' | 'go' | 'release' | 'system-package';

export interface NatsServerBinary {
  /** Absolute. */
  readonly path: string;
  /** `2.15.1`. */
  readonly version: string;
  readonly source: NatsServerSourceName;
}

/** A source either has a program, or says in a sentence why not. */
export type SourceOutcome =
  | { readonly kind: 'found'; readonly binary: NatsServerBinary }
  | { readonly kind: 'passed-over'; readonly reason: string };

export interface SourceContext {
  /** Holds programs that were fetched; temporary files live in it too, so that a rename is atomic. */
  readonly cacheDir: string;
  /** Of the process; PATH decides what is found. */
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly report: (line: string) => void;
}

export function passedOver(reason: string): SourceOutcome {
  return { kind: 'passed-over', reason };
}

/** `linux-amd64` and the like, as the project's releases are named; undefined where there is none. */
export function releasePlatform({ platform, arch }: Pick<SourceContext, 'platform' | 'arch'>): string | undefined {
  const machine = { x64: 'amd64', arm64: 'arm64' }[arch];
  return (platform === 'linux' || platform === 'darwin') && machine !== undefined
    ? `${platform}-${machine}`
    : undefined;
}
