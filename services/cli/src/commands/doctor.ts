import type { Command } from 'commander';
import { parseInstant } from '@countersign/primitives';
import { COMMANDS, readTrustBundleBody, type TrustBundleFile } from '@countersign/contracts';
import { run, type Options } from '../run.js';
import type { Session } from '../session.js';

/** One thing that was looked at. */
export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

const READY_TIMEOUT_MS = 3_000;
const VERIFY_TIMEOUT_MS = 60_000;
const ENDS_SOON_MS = 60 * 86_400_000;

/** `doctor`. */
export function doctorCommands(program: Command): void {
  program
    .command('doctor')
    .description('whether every service is ready, every ledger balances and every record verifies')
    .action((options: Options) =>
      run(options, async ({ session, output }) => {
        const findings = [
          ...(await readiness(session.health)),
          ...endingKeys(session.trustBundle, Date.now()),
          ...(await books(session)),
        ];
        output.table(
          findings,
          ['WHAT', 'IS', 'DETAIL'],
          findings.map(({ what, ok, detail }) => [what, ok ? 'ok' : 'BROKEN', detail]),
        );
        return findings.every(({ ok }) => ok) ? 0 : 1;
      }),
    );
}

/** Signing keys that end soon with no other key of that service after them; what they sign then counts for nobody. */
export function endingKeys(file: TrustBundleFile, now: number): readonly Finding[] {
  const { keys } = readTrustBundleBody(JSON.parse(Buffer.from(file.body, 'base64url').toString('utf8')));
  const last = new Map<string, string>();
  for (const { service, notAfter } of keys) if (notAfter > (last.get(service) ?? '')) last.set(service, notAfter);
  return [...last]
    .filter(([, notAfter]) => parseInstant(notAfter) - now < ENDS_SOON_MS)
    .map(([service, notAfter]) => {
      return { what: `key of ${service}`, ok: false, detail: `ends on ${notAfter}; change it (docs/guides/keys.md)` };
    });
}

/** Whether each service says that it can decide now. */
export async function readiness(health: Readonly<Record<string, string>>): Promise<readonly Finding[]> {
  return Promise.all(
    Object.entries(health).map(async ([name, url]) => {
      const found = await ready(`${url}/ready`).catch(() => ({ ok: false, detail: 'does not answer' }));
      return { what: name, ...found };
    }),
  );
}

async function ready(url: string): Promise<Omit<Finding, 'what'>> {
  const response = await fetch(url, { signal: AbortSignal.timeout(READY_TIMEOUT_MS) });
  const said: unknown = await response.json();
  const missing =
    typeof said === 'object' && said !== null && 'missing' in said && Array.isArray(said.missing)
      ? said.missing.filter((name) => typeof name === 'string')
      : [];
  return { ok: response.ok, detail: response.ok ? 'ready' : `not ready: ${missing.join(', ')}` };
}

/** Ledger and record of every organisation. What cannot be looked at is not in order. */
async function books({ commands }: Session): Promise<readonly Finding[]> {
  const { organizations } = await commands.call(COMMANDS.registry.orgList, {});
  const findings: Finding[] = [];
  for (const { org, name } of organizations) {
    findings.push(
      await looked(`ledger of ${name}`, async () => {
        const { balanced, differences } = await commands.call(COMMANDS.budget.check, { org });
        return { ok: balanced, detail: balanced ? 'balances' : differences.join('; ') };
      }),
      await looked(`record of ${name}`, async () => {
        const found = await commands.call(COMMANDS.audit.verify, { org }, { timeoutMs: VERIFY_TIMEOUT_MS });
        const bad = found.firstBad;
        return {
          ok: found.ok,
          detail: bad === null ? `${found.size} entries verify` : `entry ${bad.position}: ${bad.problem}`,
        };
      }),
    );
  }
  return findings;
}

async function looked(what: string, look: () => Promise<Omit<Finding, 'what'>>): Promise<Finding> {
  try {
    return { what, ...(await look()) };
  } catch (error) {
    return { what, ok: false, detail: error instanceof Error ? error.message : 'could not be looked at' };
  }
}
