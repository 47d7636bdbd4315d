import type { ResultData, ScreenItem } from '@countersign/contracts';

type Lists = Pick<ScreenItem['grant'], 'models' | 'tools'>;

function within(list: readonly string[] | null, entry: string): boolean {
  return (
    list === null ||
    list.some((pattern) => (pattern.endsWith('*') ? entry.startsWith(pattern.slice(0, -1)) : pattern === entry))
  );
}

/** Whether a result reports a model or tool that its grant does not name. What is not reported cannot be seen: nothing proxies a target's calls. */
export function grantExceeded({ usage, tools }: Pick<ResultData, 'usage' | 'tools'>, grant: Lists): boolean {
  return usage.some((use) => !within(grant.models, use.model)) || tools.some((tool) => !within(grant.tools, tool));
}
