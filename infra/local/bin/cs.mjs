import './check-node.mjs';

import('./bootstrap.mjs').then(({ runCompiled }) => runCompiled('services/cli/dist/main.js', process.argv.slice(2)));
