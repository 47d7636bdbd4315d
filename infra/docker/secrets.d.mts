export function prepareCompose(
  project: string,
  program: (args: readonly string[]) => string,
  uid?: number,
  gid?: number,
): { readonly state: string; readonly env: string };
