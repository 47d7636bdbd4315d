import './check-node.mjs';

import('./bootstrap.mjs').then(({ runCompiled }) => runCompiled('infra/canary/dist/main.js', process.argv.slice(2)));
