import { spawnSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';
import { CHART } from './paths.js';

/** Any part of a rendered object. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** A rendered object. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string } & Record<string, Json | undefined>;
  readonly [field: string]: Json | undefined;
}

/** What a run of Helm came to. */
export interface HelmRun {
  readonly ok: boolean;
  readonly out: string;
  readonly error: string;
}

/** How the chart is rendered: files below the chart's folder, single values, a version of Kubernetes. */
export interface RenderOptions {
  readonly files?: readonly string[];
  readonly set?: Readonly<Record<string, string>>;
  readonly kubernetes?: string;
  readonly release?: string;
}

/** The chart under one Helm. */
export class Chart {
  constructor(private readonly helm: string) {}

  /** `helm lint --strict`. */
  lint(options: RenderOptions = {}): HelmRun {
    return this.#run(['lint', '--strict', CHART, ...values(options)]);
  }

  /** `helm template`. */
  template(options: RenderOptions = {}): HelmRun {
    const { kubernetes = '1.36.0', release = 'countersign' } = options;
    const flags = ['--namespace', 'cs', '--kube-version', kubernetes];
    return this.#run(['template', release, CHART, ...flags, ...values(options)]);
  }

  /** The rendered objects; throws Helm's own words when it does not render. */
  objects(options: RenderOptions = {}): readonly Manifest[] {
    const { ok, out, error } = this.template(options);
    if (!ok) throw new Error(error);
    return parseAllDocuments(out).flatMap((document) => {
      if (document.errors.length > 0) throw new Error(document.errors.map(String).join('\n'));
      const object = document.toJS() as Manifest | null;
      return object === null ? [] : [object];
    });
  }

  #run(args: readonly string[]): HelmRun {
    const { status, stdout, stderr } = spawnSync(this.helm, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    return { ok: status === 0, out: stdout, error: stderr };
  }
}

function values({ files = [], set = {} }: RenderOptions): string[] {
  const given = Object.entries(set).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  return [...files.flatMap((file) => ['-f', `${CHART}/${file}`]), ...given];
}
