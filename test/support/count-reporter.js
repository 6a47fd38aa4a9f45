/** Prints the run's totals as one plain last line, for machines that read it. */
class CountReporter {
    onRunComplete(_contexts, results) {
        const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, numRuntimeErrorTestSuites } =
            results;
        const brokenSuites = numRuntimeErrorTestSuites ?? numFailedTestSuites;
        console.log(`${numPassedTests} passed, ${numFailedTests + brokenSuites} failed, ${numPendingTests} skipped`);
    }
}

module.exports = CountReporter;
