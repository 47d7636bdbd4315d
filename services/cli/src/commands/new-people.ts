import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { toBase64Url } from '@countersign/primitives';
import { COMMANDS, type Role } from '@countersign/contracts';
import { SigningKey, TrustBundle } from '@countersign/identity';
import type { Command } from 'commander';
import { readInvitation, writeOperatorFile, writeSecretFile, type Invitation } from '../operator-file.js';
import type { Output } from '../output.js';
import { run, runOffline, type Options, type Tools } from '../run.js';
import { UsageError } from '../usage-error.js';
import { collected, roleNames, rolesOf } from './role-options.js';

const { registry } = COMMANDS;

interface CreateOptions extends Options {
  readonly org?: string;
  readonly role: readonly string[];
  readonly publicKey?: string;
  readonly out?: string;
}

interface JoinOptions {
  readonly key: string;
  readonly out: string;
  readonly nats: readonly string[];
}

/** `operator key|create|join`: how a person gets a key and a file of their own. */
export function newPeopleCommands(operator: Command): void {
  operator
    .command('key')
    .description('make a key where the person is, before the operator adds them; needs no running system')
    .requiredOption('--out <file>', 'where to write the private key (0600)')
    .action((options: { out: string }) => runOffline((output) => makeKey(output, options.out)));
  operator
    .command('create <name>')
    .description('add a person: with the public half of their key, or with a key that is made here')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .requiredOption('--role <role>', `one of ${roleNames()}; may be given again`, collected, [])
    .option(
      '--public-key <key>',
      'what `operator key` told the person; the answer is an invitation, which is no secret',
    )
    .option('--out <file>', "where to write the person's file (0600), or the invitation, which is printed when absent")
    .action((name: string, options: CreateOptions) => run(options, (tools) => create(tools, name, options)));
  operator
    .command('join <invitation>')
    .description('make the file of a person from the invitation and the key; needs no running system')
    .requiredOption('--key <file>', 'what `operator key` wrote')
    .requiredOption('--out <file>', "where to write the person's file (0600)")
    .option(
      '--nats <url>',
      'where the installation is from here, when it is not where the invitation says; may be given again',
      collected,
      [],
    )
    .action((invitation: string, options: JoinOptions) => runOffline((output) => join(output, invitation, options)));
}

function makeKey(output: Output, out: string): Promise<number> {
  const key = SigningKey.generate('operator');
  const publicKey = toBase64Url(key.publicKey);
  writeSecretFile(out, key.toPem());
  output.show({ publicKey, kid: key.kid, file: out }, () => [
    `${out} is the private key; nobody else needs it`,
    `the operator needs the public half: cs operator create <name> --role <role> --public-key ${publicKey}`,
  ]);
  return Promise.resolve(0);
}

async function create({ session, output }: Tools, name: string, options: CreateOptions): Promise<void> {
  const { out, publicKey: given } = options;
  const roles = [...rolesOf(options.role)];
  if (given === undefined && out === undefined)
    throw new UsageError(
      "--out must name where the person's file goes, or --public-key the key that they made themselves",
    );
  // before anything is registered: a person whose file cannot be written has lost the key
  if (out !== undefined && existsSync(out)) throw new UsageError(`${out} is there already; name another file`);
  const { org, name: orgName } = await session.org(options.org);
  const key = given === undefined ? SigningKey.generate('operator') : undefined;
  const publicKey = given ?? toBase64Url(key?.publicKey ?? Buffer.alloc(0));
  const made = await session.commands.call(registry.operatorCreate, { org, name, roles, publicKey });
  const { installationKey, trustBundle } = session;
  const installation = { nats: [...session.natsUrls], installationKey, trustBundle };
  const invitation: Invitation = { v: 1, org, orgName, ...made, name, installation };
  if (key === undefined) return invite(output, invitation, { roles, out });
  writeOperatorFile(out ?? '', { ...invitation, privateKey: key.toPem() });
  output.show({ ...made, name, roles, file: out }, () => [
    `${name} (${roles.join(', ')}) of ${orgName}; commands with \`--as ${out ?? ''}\` are theirs`,
  ]);
}

function invite(
  output: Output,
  invitation: Invitation,
  { roles, out }: { readonly roles: readonly Role[]; readonly out: string | undefined },
): void {
  const text = JSON.stringify(invitation, null, 2);
  if (out !== undefined) writeFileSync(out, `${text}\n`, { flag: 'wx' });
  const { name, orgName, operator: id, kid } = invitation;
  const where = out === undefined ? 'what stands above, in a file' : out;
  output.show(out === undefined ? invitation : { operator: id, kid, name, roles, file: out }, () => [
    ...(out === undefined ? [text] : []),
    `${name} (${roles.join(', ')}) of ${orgName}; with ${where}, they run: cs operator join <file> --key <their key> --out ${name}.json`,
  ]);
}

function join(output: Output, path: string, { key: keyPath, out, nats }: JoinOptions): Promise<number> {
  const invitation = readInvitation(path);
  const { name, orgName, kid, installation } = invitation;
  const key = readKey(keyPath);
  if (key.kid !== kid) throw new UsageError(`${keyPath} is the key ${key.kid}, and the invitation is for ${kid}`);
  TrustBundle.open(installation.trustBundle, installation.installationKey);
  const file = { ...invitation, installation: { ...installation, ...(nats.length > 0 ? { nats: [...nats] } : {}) } };
  writeOperatorFile(out, { ...file, privateKey: key.toPem() });
  output.show({ name, org: orgName, kid, nats: file.installation.nats, file: out }, () => [
    `commands with \`--as ${out}\` are those of ${name} of ${orgName}, sent to ${file.installation.nats.join(', ')}`,
  ]);
  return Promise.resolve(0);
}

function readKey(path: string): SigningKey {
  if (!existsSync(path)) throw new UsageError(`there is no file ${path}; \`cs operator key\` makes one`);
  try {
    return SigningKey.fromPem('operator', readFileSync(path, 'utf8'));
  } catch {
    throw new UsageError(`${path} is no key of a person; \`cs operator key --out <file>\` makes one`);
  }
}
