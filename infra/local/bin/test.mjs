import './check-node.mjs';

import('./shared/test-run.mjs').then(({ runTests }) => runTests(process.argv.slice(2)));
