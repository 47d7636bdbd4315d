import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The folder that holds `services/`, in the image and in a checkout. */
export const ROOT = join(import.meta.dirname, '..', '..', '..');

/** Turns this process into the compiled program of a folder of `services/`: same process, its own arguments. Resolves when it has started. */
export async function become(folder: string, args: readonly string[]): Promise<void> {
  const program = join(ROOT, 'services', folder, 'dist', 'main.js');
  process.argv.splice(1, process.argv.length, program, ...args);
  await import(pathToFileURL(program).href);
}
