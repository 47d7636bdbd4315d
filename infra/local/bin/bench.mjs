import './check-node.mjs';

import('./bootstrap.mjs').then(({ runCompiled }) => runCompiled('bench/dist/main.js', process.argv.slice(2)));
