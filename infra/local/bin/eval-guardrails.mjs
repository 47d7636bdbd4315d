import './check-node.mjs';

import('./bootstrap.mjs').then(({ runCompiled }) =>
  runCompiled('services/guardrails/dist/eval/main.js', process.argv.slice(2)),
);
