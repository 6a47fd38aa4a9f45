const tseslint = require('typescript-eslint');

module.exports = tseslint.config(
    { ignores: ['dist/', 'coverage/', '.stryker-tmp/', 'assets/', '**/*.js'] },
    ...tseslint.configs.strictTypeChecked,
    {
        languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: __dirname } },
        rules: {
            '@typescript-eslint/switch-exhaustiveness-check': [
                'error',
                { considerDefaultExhaustiveForUnions: true, allowDefaultCaseForExhaustiveSwitch: true },
            ],
            '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
            '@typescript-eslint/explicit-module-boundary-types': 'error',
            '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
            '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
            'no-console': 'error',
        },
    },
    {
        files: ['tools/**/*.ts', 'bench/**/*.ts', 'test/**/*.ts'],
        rules: { 'no-console': 'off', '@typescript-eslint/explicit-module-boundary-types': 'off' },
    },
);
