import { parseArgs } from 'node:util';
import { parseInstant } from '@countersign/primitives';
import { SIGNERS, type Signer } from '@countersign/contracts';
import { announceKey, changeKey, retireKeys, RotationRefused, type Rotated } from '@countersign/installation';
import { UsageError } from '../usage-error.js';

const HELP = `rotate-key <dir> <service> <step> [options]

  Changes the signing key of a service, or of the operator, in three steps, while everything runs. <dir> is the folder in which the keys were made.

  announce    makes the next key and names it in trust-bundle.json; then give everybody that bundle and start them anew
  change      makes it the key of the service; then give the service its key and start it anew
  retire      ends the keys of before; then give everybody the bundle again

  --since <instant>    with retire: what the old key signed from then on counts for nothing (for a key that somebody else may have)
`;

const STEPS = ['announce', 'change', 'retire'] as const;
type Step = (typeof STEPS)[number];

/** Takes one step of a change of keys. */
export function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { since: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return (process.stdout.write(HELP), Promise.resolve(0));
  const [folder, service, step] = positionals;
  if (folder === undefined || service === undefined || step === undefined)
    throw new UsageError(
      'rotate-key: right would be `rotate-key <dir> <service> announce`, then `change`, then `retire`',
    );
  const signer = oneOf(SIGNERS, service, 'service');
  const taken = oneOf(STEPS, step, 'step');
  if (values.since !== undefined && taken !== 'retire') throw new UsageError('--since goes with the step retire');
  process.stdout.write(`${take(folder, signer, { step: taken, since: values.since })}\n`);
  return Promise.resolve(0);
}

function oneOf<T extends string>(known: readonly T[], given: string, what: string): T {
  const found = known.find((name) => name === given);
  if (found === undefined) throw new UsageError(`there is no ${what} ${given}; right would be ${known.join(', ')}`);
  return found;
}

function take(
  folder: string,
  signer: Signer,
  { step, since }: { readonly step: Step; readonly since: string | undefined },
): string {
  try {
    return told(signer, step, stepOf(folder, signer, { step, since }));
  } catch (error) {
    if (error instanceof RotationRefused) throw new UsageError(error.message);
    throw error;
  }
}

function stepOf(
  folder: string,
  signer: Signer,
  { step, since }: { readonly step: Step; readonly since: string | undefined },
): Rotated {
  switch (step) {
    case 'announce':
      return announceKey(folder, signer, Date.now());
    case 'change':
      return changeKey(folder, signer);
    case 'retire':
      return retireKeys(folder, signer, Date.now(), since === undefined ? undefined : instantOf(since));
  }
}

function instantOf(text: string): number {
  try {
    return parseInstant(text);
  } catch {
    throw new UsageError(`--since ${text}: right would be an instant such as 2026-11-25T10:00:00.000Z`);
  }
}

function told(signer: Signer, step: Step, { version, kid }: Rotated): string {
  const bundle = `trust-bundle.json is version ${version}`;
  switch (step) {
    case 'announce':
      return `${kid} will be the key of ${signer}; ${bundle}: give it to everybody, start them anew, then take the step \`change\``;
    case 'change':
      return `${kid} is the key of ${signer} now: give ${signer} its ${signer}.pem, start it anew, then take the step \`retire\``;
    case 'retire':
      return `${kid} is the only key of ${signer} that counts; ${bundle}: give it to everybody and start them anew`;
  }
}
