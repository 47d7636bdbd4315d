import { Command } from 'commander';
import { explainCommands } from './commands/explain.js';
import { guardrailCommands } from './commands/guardrails.js';
import { policyCommands } from './commands/policy.js';
import { registryCommands } from './commands/registry.js';
import { taskCommands } from './commands/tasks.js';

const program = new Command('countersign')
  .description('Command a running Countersign with the local operator key.')
  .option('--json', 'one JSON value instead of tables')
  .allowExcessArguments(false);
registryCommands(program);
policyCommands(program);
guardrailCommands(program);
taskCommands(program);
explainCommands(program);
for (const command of program.commands) {
  command.option('--json', 'one JSON value instead of tables');
  for (const sub of command.commands) sub.option('--json', 'one JSON value instead of tables');
}
await program.parseAsync();
