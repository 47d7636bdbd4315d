import { ROLES, runRole } from './bare-bus.js';

const [name = '', servers = ''] = process.argv.slice(2);
const role = ROLES.find((known) => known === name);
if (role === undefined) throw new Error(`there is no role ${name}`);
await runRole(role, servers);
process.send?.('ready');
