import './check-node.mjs';

import('./bootstrap.mjs').then(({ runCompiled }) => runCompiled('infra/local/dist/trace.js', process.argv.slice(2)));
