import { roleNamed } from './roles.js';
import { tell } from './tell.js';

/** A program that is process 1 gets no default action of a signal: until the role handles it itself, it ends here. */
function endOnSignal(code: number): () => void {
  const end = (): void => process.exit(code);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end);
  return () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, end);
  };
}

try {
  const [name, ...args] = process.argv.slice(2);
  const role = roleNamed(name);
  const release = endOnSignal(role.endsCleanly ? 0 : 143);
  const run = await role.load();
  const code = await run(args, release);
  // a service is up now and drains by its own handlers
  if (role.endsCleanly) release();
  else process.exitCode ??= code ?? 0;
} catch (error) {
  process.exitCode = tell(error);
}
