import { audit } from './commands/audit.js';
import { budget } from './commands/budget.js';
import { dispatcher } from './commands/dispatcher.js';
import { guardrails } from './commands/guardrails.js';
import { policy } from './commands/policy.js';
import { registry } from './commands/registry.js';
import { trust } from './commands/trust.js';
import type { CommandSpec } from './commands/command.js';
import { CONTROLS, type Signer } from './identities.js';
import { commandSubject } from './subjects.js';
import type { z } from 'zod';

/** Every operator and service command by service. */
export const COMMANDS = { registry, policy, guardrails, trust, budget, dispatcher, audit } as const;

export type { DryRunAnswer } from './commands/command.js';

/** What a command asks for, as its sender writes it. */
export type RequestOf<C extends CommandSpec> = z.input<C['request']>;
/** What a command asks for, as its service reads it. */
export type ParsedRequestOf<C extends CommandSpec> = z.output<C['request']>;
/** What a command answers. */
export type AnswerOf<C extends CommandSpec> = z.output<C['answer']>;

/** Services that may send a command in their own name; every command is open to the operator and the gateway. */
const SERVICE_CALLERS: Readonly<Record<string, readonly Signer[]>> = {
  'dispatcher.block': ['registry'],
  'dispatcher.tasks': ['budget'],
  'audit.open': ['dispatcher'],
  'registry.agent-cut': ['dispatcher'],
  ...Object.fromEntries(CONTROLS.map((control) => [`${control}.dry-run`, ['dispatcher'] as const])),
};

/** Subjects of every command that some role of people may send. */
export function commandSubjectsOfPeople(): readonly string[] {
  const all: readonly CommandSpec[] = Object.values(COMMANDS).flatMap((commands) =>
    Object.values(commands as Readonly<Record<string, CommandSpec>>),
  );
  return all.filter(({ people }) => people !== undefined).map(({ service, verb }) => commandSubject(service, verb));
}

/** Tells whether a signer may send a command. */
export function mayCommand(signer: Signer, { service, verb }: Pick<CommandSpec, 'service' | 'verb'>): boolean {
  return (
    signer === 'operator' || signer === 'gateway' || (SERVICE_CALLERS[`${service}.${verb}`]?.includes(signer) ?? false)
  );
}
