import { expect, it } from '@jest/globals';
import type { ParsedRequestOf, COMMANDS } from '@countersign/contracts';
import type { CommandContext } from '@countersign/bus';
import { anId, FixedClock, SeededRandom } from '@countersign/testing';
import { TechniqueCommands } from './technique-commands.controller.js';

const org = anId();
const TRY: ParsedRequestOf<typeof COMMANDS.guardrails.test> = { org, stage: 'INPUT', parts: [{ text: 'hello' }] };
const by = (id: string): CommandContext => ({
  actor: { kind: 'user', id },
  idempotencyKey: anId(),
  signer: 'person',
});

it('one person tries 100 texts at once and is refused the next one, and nobody else is', async () => {
  let screened = 0;
  const screen = async (): Promise<readonly object[]> => {
    screened += 1;
    return [{ action: 'ALLOW', codes: [], warnings: [], guardrails: [] }];
  };
  const none = {} as never;
  const commands = new TechniqueCommands(
    none,
    none,
    none,
    { screen } as never,
    { between: () => ({ guardrails: [] }) } as never,
    new FixedClock(),
    new SeededRandom('tries'),
    none,
  );
  for (let i = 0; i < 100; i += 1) expect(await commands.test(TRY, by('ann'))).toMatchObject({ action: 'ALLOW' });
  await expect(commands.test(TRY, by('ann'))).rejects.toMatchObject({ code: 'INTAKE_LIMITED' });
  expect(screened).toBe(100);
  expect(await commands.test(TRY, by('bob'))).toMatchObject({ action: 'ALLOW' });
});
