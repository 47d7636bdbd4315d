/** One door per outside thing: who may import which package. A package that is named here may be imported nowhere else. */
const DOORS = [
  {
    packages: ['@nats-io/*'],
    files: ['libs/bus/**', 'libs/agent-sdk/**', 'libs/testing/**', 'infra/nats/**', 'bench/src/reference/**'],
    door: 'libs/bus',
  },
  {
    packages: ['pg', 'pg-*', 'typeorm'],
    files: ['libs/store/**', 'libs/testing/**', 'infra/local/**'],
    door: 'libs/store',
  },
  { packages: ['jose', '@noble/*'], files: ['libs/identity/**'], door: 'libs/identity' },
  { packages: ['pino', 'pino-*', '@opentelemetry/*'], files: ['libs/telemetry/**'], door: 'libs/telemetry' },
];

/** In `domain/`: what makes a rule impure. */
const IMPURE = [
  '@nestjs/*',
  'node:*',
  'rxjs',
  '@countersign/bus',
  '@countersign/store',
  '@countersign/service-host',
  '@countersign/telemetry',
  '@countersign/identity',
];

const restricted = (doors, extra = []) => [
  'error',
  {
    patterns: [
      ...doors.map(({ packages, door }) => ({ group: packages, message: `the only door to this is ${door}` })),
      ...extra,
    ],
  },
];

/** Configuration blocks for ESLint's `no-restricted-imports`; specs are exempt, which use what they test against. */
export const doors = [
  { files: ['**/*.ts'], rules: { 'no-restricted-imports': restricted(DOORS) } },
  // of several blocks that match a file the last one counts: each set of doors that stand in one folder is a block
  ...[...new Set(DOORS.flatMap(({ files }) => files))].map((folder) => ({
    files: [folder],
    rules: { 'no-restricted-imports': restricted(DOORS.filter(({ files }) => !files.includes(folder))) },
  })),
  {
    files: ['services/*/src/domain/**'],
    rules: {
      'no-restricted-imports': restricted(DOORS, [{ group: IMPURE, message: 'domain/ is pure: no framework, no I/O' }]),
      'no-restricted-globals': ['error', 'process', 'fetch', 'setTimeout', 'setInterval', 'crypto', 'performance'],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'now is handed in' },
        { object: 'Math', property: 'random', message: 'randomness is handed in' },
      ],
    },
  },
  { files: ['**/*.spec.ts', '**/*.e2e.ts', 'e2e/**'], rules: { 'no-restricted-imports': 'off' } },
];
