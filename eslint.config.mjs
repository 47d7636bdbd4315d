import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';
import { dependencies } from './tools/eslint/dependencies.mjs';
import { doors } from './tools/eslint/doors.mjs';

const environment = {
  selector: 'MemberExpression[object.name="process"][property.name="env"]',
  message: 'the environment is read in libs/service-host',
};
const defaultExport = { selector: 'ExportDefaultDeclaration', message: 'exports have names' };

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', '.countersign/', '.nx/', 'docs/reference/'] },
  {
    files: ['**/*.mjs'],
    extends: [js.configs.recommended],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
          'fetch',
          'URL',
          'Buffer',
          'AbortSignal',
          'AbortController',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['**/*.ts'],
    ignores: ['**/*.d.mts'],
    extends: [js.configs.recommended, ...tseslint.configs.recommendedTypeChecked],
    plugins: { countersign: { rules: { dependencies } } },
    settings: { countersign: { root: import.meta.dirname } },
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        emitDecoratorMetadata: true,
        experimentalDecorators: true,
      },
    },
    rules: {
      'countersign/dependencies': 'error',
      'no-restricted-syntax': ['error', defaultExport, environment],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      'max-depth': ['error', 3],
      'no-console': 'error',
      eqeqeq: 'error',
      // a port promises a promise: what throws in it has to reject, not to throw at the caller
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
    },
  },
  {
    files: [
      'libs/service-host/src/run-service.ts',
      'infra/**',
      'bench/**',
      'services/cli/**',
      'libs/testing/**',
      'e2e/**',
      '**/*.spec.ts',
    ],
    rules: { 'no-restricted-syntax': ['error', defaultExport] },
  },
  { files: ['infra/**', 'bench/**', 'services/cli/**', '**/*.spec.ts', 'e2e/**'], rules: { 'no-console': 'off' } },
  ...doors,
  {
    // specs are in no project of the build; they are checked as one program
    files: ['**/*.spec.ts', 'e2e/**/*.ts'],
    languageOptions: { parserOptions: { projectService: false, project: './tsconfig.spec.json' } },
  },
  {
    files: ['**/*.spec.ts', 'e2e/**'],
    rules: {
      'max-lines-per-function': 'off',
      'max-lines': ['error', { max: 500, skipBlankLines: true, skipComments: true }],
    },
  },
  prettier,
);
