/** Asks the service of this container whether it can decide; says what is missing when it cannot. Small, because it runs every few seconds. */
export async function run(): Promise<number> {
  const port = process.env['COUNTERSIGN_HEALTH_PORT'] ?? '9100';
  const response = await fetch(`http://127.0.0.1:${port}/ready`, { signal: AbortSignal.timeout(2_000) }).catch(
    () => undefined,
  );
  process.stdout.write(`${response === undefined ? 'no answer' : await response.text()}\n`);
  return response?.ok === true ? 0 : 1;
}
