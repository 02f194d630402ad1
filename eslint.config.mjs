import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript-eslint';

/** What may import what, by the tags in each package.json. Apps never import apps. */
const BOUNDARIES = [
  { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:lib'] },
  ...layers({
    base: [],
    contract: ['base'],
    service: ['base'],
    http: ['base', 'service'],
    tokens: ['base', 'service'],
    grpc: ['base', 'contract', 'service'],
    postgres: ['base', 'service'],
    // Its tests use a model of Postgres and its test databases.
    messaging: ['base', 'service', 'postgres'],
    outbox: ['base', 'service', 'postgres', 'messaging'],
    // Consumers serve inbox.v1.
    inbox: ['base', 'contract', 'service', 'grpc', 'postgres', 'messaging'],
  }),
  { sourceTag: 'type:tool', onlyDependOnLibsWithTags: ['type:lib', 'type:tool'] },
];

/** A lib has one layer, and imports those that are named here alone. */
function layers(table) {
  return Object.entries(table).map(([layer, below]) => ({
    sourceTag: `layer:${layer}`,
    onlyDependOnLibsWithTags: below.map((name) => `layer:${name}`),
  }));
}

/** The packages in the folders of `apps` or `tools`: each has the name of its folder. */
const packagesIn = (kind) => readdirSync(new URL(kind, import.meta.url)).map((folder) => `@orders/${folder}`);
const APPS = packagesIn('apps');
const TOOLS = packagesIn('tools');
/** What an app must not import by what it declares: who consumes nothing has no inbox, who publishes nothing no outbox. */
function unusedLibs(app) {
  const file = new URL(`apps/${app}/app.json`, import.meta.url);
  const { consumes = [], publishes = [] } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  return [
    ...(consumes.length === 0 ? ['@orders/inbox'] : []),
    ...(publishes.length === 0 ? ['@orders/outbox'] : []),
  ];
}
const noImportOf = (names) => ['error', { patterns: names.map((name) => ({ group: [name, `${name}/*`] })) }];

export default ts.config(
  { ignores: ['**/dist', '**/node_modules', '**/coverage', '**/src/gen', '.local', '.nx', '**/fixtures'] },
  js.configs.recommended,
  ...ts.configs.recommendedTypeChecked,
  prettier,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': ['error', { depConstraints: BOUNDARIES, allow: [] }],
      // The rule above does not see an app that is imported by its name.
      'no-restricted-imports': noImportOf([...APPS, ...TOOLS]),
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      // `import { type T }` alone would still load the module (verbatimModuleSyntax).
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/max-params': ['error', { max: 3 }],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' },
      ],
      '@typescript-eslint/require-await': 'off', // async makes a throw a rejection, which callers rely on
      '@typescript-eslint/only-throw-error': 'off', // reasons of promises and signals are unknown and thrown on as they are
      '@typescript-eslint/prefer-promise-reject-errors': 'off', // the same
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      eqeqeq: 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only the config of an app reads the environment.' },
      ],
    },
  },
  ...readdirSync(new URL('apps', import.meta.url)).map((app) => ({
    files: [`apps/${app}/**`],
    rules: { 'no-restricted-imports': noImportOf([...APPS, ...TOOLS, ...unusedLibs(app)]) },
  })),
  {
    // The config loader itself, what runs before it, that of tests, tools and tests.
    files: [
      'libs/service/src/config.ts',
      'libs/instrumentation/src/register.ts',
      'libs/postgres/src/testing/test-config.ts',
      'tools/**',
      '**/*.{spec,it,e2e}.ts',
    ],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    // To Nx every project without a build is an app; the tools are each other's libs.
    files: ['tools/**'],
    rules: {
      'no-restricted-imports': noImportOf(APPS),
      '@nx/enforce-module-boundaries': ['error', { depConstraints: BOUNDARIES, allow: ['@orders/dev/**'] }],
    },
  },
  {
    // Tests hand in half-made values and look at what has no type.
    files: ['**/*.{spec,it,e2e}.ts', '**/testing/**'],
    rules: {
      // It fails on a busy machine: assert what happened, in which order, or by a clock that the test moves.
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'CallExpression[callee.name="expect"] > * CallExpression[callee.object.name=/^(performance|Date)$/][callee.property.name="now"]',
          message: 'No test asserts how long something took.',
        },
      ],
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/max-params': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    extends: [ts.configs.disableTypeChecked],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', setTimeout: 'readonly', URL: 'readonly' },
    },
  },
);
