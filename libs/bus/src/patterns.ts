import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import {
  commandSubject,
  type AnswerOf,
  type Actor,
  type CommandSpec,
  type ParsedRequestOf,
  type Signer,
  type TransitionItem,
} from '@countersign/contracts';
import type { Person } from './people.js';

/** Patterns under which Nest keeps the handlers of what a service hears from the bus. */
export const PATTERN = {
  judge: 'tasks',
  transitions: 'transitions',
  screens: 'screens',
  results: 'results',
  agent: 'agent.',
} as const;

/** What stands beside a command's handler. */
export interface CommandExtras {
  readonly command: CommandSpec;
}

/** Who commanded, and under which key a repetition is the same command. */
export interface CommandContext {
  readonly actor: Actor;
  readonly idempotencyKey: string;
  /** Whose key signed the command; of a person `person`. */
  readonly signer: Signer | 'person';
  /** The person whose key signed the command: active, of a role that the command takes, and in their own organisation unless the command is across organisations. */
  readonly person?: Person;
}

/** The form of a command's handler. */
export type CommandHandler<C extends CommandSpec> = (
  body: ParsedRequestOf<C>,
  context: CommandContext,
) => Promise<AnswerOf<C>>;

/** Handles batches of tasks: `(tasks: readonly TaskMessage[]) => Promise<readonly (Judgement | null)[]>`, aligned by index; null gives no verdict. */
export const JudgeTasks = (): MethodDecorator => EventPattern(PATTERN.judge) as MethodDecorator;

/** What stands beside a handler of transitions: the types of item it is given; absent: all. */
export interface TransitionExtras {
  readonly wanted?: readonly TransitionItem['type'][];
}

/**
 * Handles batches of transitions: `(items: readonly ReceivedItem<TransitionItem>[]) => Promise<void>`; acknowledged after it resolves. Whoever names types
 * is given items of these alone, and none of the others is parsed for it.
 */
export const OnTransitions = (...types: readonly TransitionItem['type'][]): MethodDecorator =>
  EventPattern(
    PATTERN.transitions,
    (types.length === 0 ? {} : { wanted: types }) satisfies TransitionExtras,
  ) as MethodDecorator;

/** Handles batches of screening requests: `(items: readonly ReceivedItem<ScreenItem>[]) => Promise<void>`. */
export const OnScreens = (): MethodDecorator => EventPattern(PATTERN.screens) as MethodDecorator;

/** Handles batches of results: `(results: readonly ResultMessage[]) => Promise<void>`. */
export const OnResults = (): MethodDecorator => EventPattern(PATTERN.results) as MethodDecorator;

/** Handles one command; see {@link CommandHandler}. Throws CommandRefused for an expected refusal. */
export const OnCommand =
  (command: CommandSpec): MethodDecorator =>
  (target, key, descriptor) => {
    MessagePattern(commandSubject(command.service, command.verb), { command } satisfies CommandExtras)(
      target,
      key,
      descriptor,
    );
    // Nest hands over only what it is told to: the body first, then who commanded
    Payload()(target, key, 0);
    Ctx()(target, key, 1);
  };

/** What agents may ask with a signed reply, and the subject's last token: an id, or a word. */
export const AGENT_REQUEST_TOKENS = { status: '*', peers: 'list', check: '*', usage: '*' } as const;
/** One of them. */
export type AgentRequestVerb = keyof typeof AGENT_REQUEST_TOKENS;

/** A request of an agent: who asks, by the subject; its last token; and the body, of which only the nonce was looked at. */
export interface AgentRequest {
  readonly org: string;
  readonly agent: string;
  readonly id: string;
  readonly body: unknown;
}

/** Handles a signed-reply request of agents: `(request: AgentRequest) => Promise<object>`. */
export const OnAgentRequest = (verb: AgentRequestVerb): MethodDecorator => MessagePattern(`${PATTERN.agent}${verb}`);
