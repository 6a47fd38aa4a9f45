/** @type {import('jest').Config} */
module.exports = {
    testEnvironment: 'node',
    roots: ['<rootDir>/test'],
    testMatch: ['**/*.test.ts'],
    transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.json', diagnostics: false }] },
    // Tests use profiles of their own: what a user saves in bots/ changes none of them.
    moduleNameMapper: { '/shipped-bots$': '<rootDir>/test/fixtures/shipped-bots.ts' },
    reporters: ['default', '<rootDir>/test/support/count-reporter.js'],
    testTimeout: 15000,
    maxConcurrency: 15,
};
