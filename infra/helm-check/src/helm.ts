import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Chart, type RenderOptions } from './chart.js';
import { obtainHelm } from './obtain-helm.js';
import { CHART } from './paths.js';

/** Versions of Kubernetes that the chart is for. */
export const KUBERNETES = ['1.31.0', '1.32.0', '1.33.0', '1.34.0', '1.35.0', '1.36.0'] as const;

/** The chart under the Helm of this machine; undefined, and said on the terminal, where none can be had. */
export async function chartUnderHelm(): Promise<Chart | undefined> {
  const helm = await obtainHelm();
  if ('path' in helm) return new Chart(helm.path);
  process.stderr.write(`SKIPPED: the chart is not checked, because no helm can be had: ${helm.reasons.join('; ')}\n`);
  return undefined;
}

/** Every way in which the chart is rendered in checks: the profiles and one file a feature. */
export function profiles(): Readonly<Record<string, RenderOptions>> {
  const features = readdirSync(join(CHART, 'ci')).sort();
  return {
    ...Object.fromEntries(
      features.filter((name) => name !== 'production.yaml').map((name) => [`ci/${name}`, { files: [`ci/${name}`] }]),
    ),
    'values-dev.yaml': { files: ['values-dev.yaml'] },
    'values-production.yaml': { files: ['values-production.yaml', 'ci/production.yaml'] },
  };
}
