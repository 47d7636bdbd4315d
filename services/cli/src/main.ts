import { Command } from 'commander';
import { agentCommands } from './commands/agents.js';
import { budgetCommands } from './commands/budget.js';
import { connectionCommands } from './commands/connections.js';
import { doctorCommands } from './commands/doctor.js';
import { approvalCommands } from './commands/approvals.js';
import { auditCommands } from './commands/audit.js';
import { explainCommands } from './commands/explain.js';
import { operatorCommands } from './commands/operators.js';
import { guardrailCommands } from './commands/guardrails.js';
import { organizationCommands } from './commands/organizations.js';
import { policyCommands } from './commands/policy.js';
import { shareCommands } from './commands/shares.js';
import { taskCommands } from './commands/tasks.js';
import { trustCommands } from './commands/trust.js';

const program = new Command('countersign')
  .description("Command a running Countersign with the local operator key, or with a person's.")
  .option('--json', 'one JSON value instead of tables')
  .option('--as <file>', "sign with this person's key; else with the one of COUNTERSIGN_OPERATOR, else the operator's")
  .allowExcessArguments(false)
  // commands made from here on inherit it: 0 after --help, 2 where what was typed is not understood
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
organizationCommands(program);
agentCommands(program);
connectionCommands(program);
shareCommands(program);
policyCommands(program);
budgetCommands(program);
guardrailCommands(program);
taskCommands(program);
operatorCommands(program);
approvalCommands(program);
explainCommands(program);
doctorCommands(program);
auditCommands(program);
trustCommands(program);
const withAll = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(withAll)];
for (const each of program.commands.flatMap(withAll))
  each.option('--json', 'one JSON value instead of tables').option('--as <file>', "sign with this person's key");
await program.parseAsync();
