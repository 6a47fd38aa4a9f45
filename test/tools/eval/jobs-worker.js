// Stands in for tools/eval/worker.ts: what it does with a case is what the name of the case says.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', ({ bot, file, evalCase, run, seed }) => {
    const result = {
        bot,
        file,
        name: evalCase.name,
        run,
        seed,
        verdict: 'passed',
        failures: [],
        notJudged: [],
        tookMs: process.pid,
    };
    const [what, ms] = evalCase.name.split(' ');
    if (what === 'hangs') return;
    if (what === 'dies') {
        console.error('the last words\nof the process');
        process.exit(3);
    }
    if (what === 'fails') Object.assign(result, { verdict: 'failed', failures: [{ of: 'end', why: 'no' }] });
    setTimeout(() => process.send(result), Number(ms ?? 0));
});
