const { availableParallelism } = require('node:os');

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
    // Tests use profiles of their own: what a user saves in bots/ changes none of them.
    moduleNameMapper: { '/shipped-bots$': '<rootDir>/test/fixtures/shipped-bots.ts' },
    setupFilesAfterEnv: ['<rootDir>/test/support/equal-bytes.js'],
    testSequencer: '<rootDir>/test/support/slow-first.js',
    reporters: ['default', '<rootDir>/test/support/count-reporter.js'],
    // Of `npm run coverage`. What runs in a worker thread or in a process of its own (the store's and Flite's thread, the built server) is not
    // counted, and stands here all the same: files that only run there count as not covered.
    collectCoverageFrom: ['src/**/*.ts'],
    coverageReporters: ['text-summary', 'json-summary', 'html'],
    coverageThreshold: { global: { lines: 92 } },
    // Half of the time of the suites that use sockets, processes and a browser is waiting: that of others fits into it. A machine of CI is
    // often busy with more than this, and calls in real time need room.
    maxWorkers: Math.ceil((process.env.CI === undefined ? 1.5 : 1) * availableParallelism()),
    // Of a module's globals this one is used in loops over samples, where looking it up in Jest's sandbox takes longer than the rest.
    sandboxInjectedGlobals: ['Math'],
    // For tests that hang: no test measures how busy the machine is.
    testTimeout: 90_000,
    maxConcurrency: 15,
};
