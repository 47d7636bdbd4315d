import { runSetUp } from '@countersign/canary';

/** Makes the canary's organisation and the file that the canary runs by; a file that is there already stays. */
export async function run(): Promise<void> {
  await runSetUp(process.env);
}
