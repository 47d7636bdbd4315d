/** One configuration, three kinds of test: `*.spec.ts` (pure), `*.int.spec.ts` (real PostgreSQL and nats-server), `e2e/**` (the running system). */
const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  moduleNameMapper: {
    '^@countersign/(nats|installation|image|canary|local)$': '<rootDir>/infra/$1/src/index.ts',
    '^@countersign/([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['/dist/', '/\\.countersign/'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
};

export default {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{libs,services,infra,bench,tools}/**/*.spec.ts'],
      testPathIgnorePatterns: [...shared.testPathIgnorePatterns, '\\.int\\.spec\\.ts$'],
    },
    { ...shared, displayName: 'integration', testMatch: ['<rootDir>/{libs,services,infra,bench}/**/*.int.spec.ts'] },
    { ...shared, displayName: 'journeys', testMatch: ['<rootDir>/e2e/**/*.e2e.ts'] },
  ],
};
