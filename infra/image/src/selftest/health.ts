const PATIENCE_MS = 3_000;

/** Asks every service at its edge whether it can decide; the names of those that cannot, each with what it said. */
export async function notReady(health: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const answers = await Promise.all(
    Object.entries(health).map(async ([name, url]) => {
      const said = await askReady(url);
      return said === undefined ? [] : [`${name} at ${url}: ${said}`];
    }),
  );
  return answers.flat();
}

async function askReady(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const text = await response.text();
    return response.ok ? undefined : text.slice(0, 500);
  } catch {
    return 'no answer';
  }
}
