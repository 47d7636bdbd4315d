import { SystemClock } from '@countersign/primitives';
import { connectOperator, natsServersOf } from '@countersign/local';
import { runFileOf, type Attachment } from '../run-file.js';
import { CHECKS, type CheckName } from '../selftest/checks.js';
import { notReady } from '../selftest/health.js';
import { TestOrganisation } from '../selftest/organisation.js';
import { UsageError } from '../usage-error.js';

const NAMES = ['health', ...(Object.keys(CHECKS) as CheckName[])] as const;
type Name = (typeof NAMES)[number];

/** Tries what the installation promises, each in an organisation of its own; ends with 0 only when all that was asked holds. */
export async function run(args: readonly string[]): Promise<number> {
  const names = args.length === 0 ? NAMES : args.map(named);
  const attachment = runFileOf(process.env);
  let broken = 0;
  for (const name of names) {
    const problem = await tried(name, attachment);
    if (problem !== undefined) broken += 1;
    process.stdout.write(
      `${problem === undefined ? 'holds ' : 'BROKEN'}  ${name}${problem === undefined ? '' : `: ${problem}`}\n`,
    );
  }
  return broken === 0 ? 0 : 1;
}

function named(text: string): Name {
  const name = NAMES.find((known) => known === text);
  if (name === undefined)
    throw new UsageError(`there is no check ${JSON.stringify(text)}; right would be ${NAMES.join(', ')}`);
  return name;
}

/** A check that breaks down has not shown what it should. */
async function tried(name: Name, attachment: Attachment): Promise<string | undefined> {
  try {
    return name === 'health' ? await healthOf(attachment) : await inOrganisation(name, attachment);
  } catch (error) {
    return error instanceof Error ? error.message : 'it could not be tried';
  }
}

async function healthOf({ services }: Attachment): Promise<string | undefined> {
  const urls = Object.fromEntries(Object.entries(services).map(([name, { health }]) => [name, health]));
  if (Object.keys(urls).length === 0)
    throw new UsageError('COUNTERSIGN_HEALTH_URLS: is missing; right would be name=http://host:port,…');
  const missing = await notReady(urls);
  return missing.length === 0 ? undefined : missing.join('; ');
}

async function inOrganisation(name: CheckName, attachment: Attachment): Promise<string | undefined> {
  const operator = await connectOperator(attachment);
  try {
    const slug = `selftest-${name}-${new SystemClock().now().toString(36)}`;
    const organisation = await TestOrganisation.make(operator.commands, natsServersOf(attachment), slug);
    try {
      return await CHECKS[name]({ commands: operator.commands, organisation });
    } finally {
      await organisation.close();
    }
  } finally {
    await operator.close();
  }
}
