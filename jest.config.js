/** @type {import('jest').Config} */
module.exports = {
    testEnvironment: 'node',
    roots: ['<rootDir>/test'],
    testMatch: ['**/*.test.ts'],
    transform: {
        '^.+\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.json', diagnostics: false }],
        // An ES module, which node can require and jest cannot.
        'node_modules/n2words/.+\\.js$': [
            'ts-jest',
            { tsconfig: { allowJs: true, module: 'commonjs', target: 'es2022' }, diagnostics: false },
        ],
    },
    transformIgnorePatterns: ['/node_modules/(?!n2words/)'],
    reporters: ['default', '<rootDir>/test/support/count-reporter.js'],
    testTimeout: 15000,
    maxConcurrency: 15,
};
