import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { COMMANDS, guardrailSchema, partSchema, type Guardrail, type Part } from '@countersign/contracts';
import { z } from 'zod';
import { run, type Options } from '../run.js';
import { UsageError } from '../session.js';

const { guardrails } = COMMANDS;

interface OrgOption extends Options {
  readonly org?: string;
}

const ofOrg = (command: Command): Command =>
  command.option('--org <org>', 'organisation by name; the newest when absent');

/** `guardrails show|set|baseline|test`, `guardrails canary create`, `guardrails prompt put`. */
export function guardrailCommands(program: Command): void {
  const group = program
    .command('guardrails')
    .description('what is looked for in tasks and results, and what is done then');
  setCommands(group);
  tryCommand(group);
  agentCommands(group);
}

function setCommands(group: Command): void {
  ofOrg(group.command('show').description('the set in force')).action((options: OrgOption) =>
    run(options, async ({ session, output }) => {
      const { org } = await session.org(options.org);
      const set = await session.commands.call(guardrails.setShow, { org });
      output.table(set, ['ID', 'STAGE', 'CATEGORY', 'ACTION', 'LOOKS FOR', 'STATE'], set.guardrails.map(rowOf));
    }),
  );
  ofOrg(
    group
      .command('set')
      .description('put a whole set in force, as JSON: a list of guardrails, or what `show --json` prints')
      .requiredOption('--file <file>', 'the set'),
  ).action((options: OrgOption & { file: string }) =>
    run(options, async ({ session, output }) => {
      const { org } = await session.org(options.org);
      const set = await session.commands.call(guardrails.setPut, { org, guardrails: setOf(readJson(options.file)) });
      output.show(set, () => [`version ${set.version} is in force`]);
    }),
  );
  ofOrg(group.command('baseline').description('put the set in force that every organisation starts with')).action(
    (options: OrgOption) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const set = await session.commands.call(guardrails.setBaseline, { org });
        output.show(set, () => [`version ${set.version} is in force: the baseline`]);
      }),
  );
}

function tryCommand(group: Command): void {
  ofOrg(
    group
      .command('test <file>')
      .description('what the set in force would do with a text, or with a JSON list of parts; nothing is stored')
      .option('--output', 'look at it as at a result'),
  ).action((file: string, options: OrgOption & { output?: boolean }) =>
    run(options, async ({ session, output }) => {
      const { org } = await session.org(options.org);
      const stage = options.output === true ? 'OUTPUT' : 'INPUT';
      const found = await session.commands.call(guardrails.test, { org, stage, parts: partsOf(readText(file)) });
      output.show(found, () => [
        `${found.action}${found.codes.map(({ code, id }) => ` ${code}${id === undefined ? '' : ` (${id})`}`).join(',')}`,
        ...found.warnings.map((warning) => `warning ${warning}`),
        ...found.guardrails.map(
          ({ id, outcome, category }) => `  ${id}: ${outcome}${category === undefined ? '' : ` ${category}`}`,
        ),
        ...(found.parts === undefined ? [] : ['passed on as:', JSON.stringify(found.parts, null, 2)]),
      ]);
    }),
  );
}

function agentCommands(group: Command): void {
  ofOrg(
    group
      .command('canary')
      .description('canaries')
      .command('create <agent>')
      .description('make a canary to place in the prompt or data of an agent; it is shown once'),
  ).action((agent: string, options: OrgOption) =>
    run(options, async ({ session, output }) => {
      const { org } = await session.org(options.org);
      const made = await session.commands.call(guardrails.canaryCreate, await refOf(session, org, agent));
      output.show(made, () => [made.canary]);
    }),
  );
  ofOrg(
    group
      .command('prompt')
      .description('system prompts')
      .command('put <agent>')
      .description('leave the fingerprint of the system prompt of an agent; the prompt itself is not kept')
      .requiredOption('--file <file>', 'the prompt'),
  ).action((agent: string, options: OrgOption & { file: string }) =>
    run(options, async ({ session, output }) => {
      const { org } = await session.org(options.org);
      const ref = await refOf(session, org, agent);
      const kept = await session.commands.call(guardrails.promptPut, { ...ref, text: readText(options.file) });
      output.show(kept, () => [`${kept.shingles} fingerprints are kept`]);
    }),
  );
}

async function refOf(
  session: { readonly agent: (org: string, name: string) => Promise<{ readonly agent: string }> },
  org: string,
  name: string,
): Promise<{ org: string; agent: string }> {
  return { org, agent: (await session.agent(org, name)).agent };
}

function rowOf(guardrail: Guardrail): readonly string[] {
  const { id, stage, category, action, packs, patterns, phrases, enabled, shadow } = guardrail;
  const own = [
    ...(patterns.length > 0 ? [`${patterns.length} patterns`] : []),
    ...(phrases.length > 0 ? [`${phrases.length} phrases`] : []),
  ];
  return [id, stage, category, action, [...packs, ...own].join(', '), enabled ? (shadow ? 'on trial' : 'on') : 'off'];
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new UsageError(`the file ${file} cannot be read`);
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readText(file));
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`the file ${file} is no JSON`);
  }
}

const setSchema = z.union([z.array(guardrailSchema), z.object({ guardrails: z.array(guardrailSchema) })]);

function setOf(value: unknown): Guardrail[] {
  // parsed as a list first, so that a mistake in it is told at its own place
  const list = Array.isArray(value) ? z.array(guardrailSchema).parse(value) : setSchema.parse(value);
  return Array.isArray(list) ? list : list.guardrails;
}

/** A JSON list of parts as it is, anything else as one text. */
function partsOf(text: string): Part[] {
  const parts = z.array(partSchema).safeParse(jsonOr(text));
  return parts.success ? parts.data : [{ text }];
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
