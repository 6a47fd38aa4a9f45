import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { CallDocument } from '../../../src/call-records/document';
import { evalFile, type EvalCase } from '../../../tools/eval/case-schema';
import type { RunResult } from '../../../tools/eval/result';
import { closeVoice, runCase } from '../../../tools/eval/run-case';
import { caseText, writeCase } from '../../../tools/replay/as-eval';
import { readOptions } from '../../../tools/replay/cli-options';
import { FlightBench } from '../../flight/flight-bench';
import { until } from '../../support/test-bench';

const LONG_MS = 90_000;
const BOTS = join(__dirname, '..', '..', '..', 'bots');
const folder = mkdtempSync(join(tmpdir(), 'as-eval-'));

afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await closeVoice();
});

function run(bot: string, evalCase: EvalCase): Promise<RunResult> {
    return runCase({ bot, file: 'f', folder, botsFolder: BOTS, evalCase, run: 1, seed: 3, live: false });
}

async function caseOf(file: string): Promise<{ text: string; bot: string | undefined; evalCase: EvalCase }> {
    const text = await caseText({ file, botsFolder: BOTS });
    const { bot, cases } = evalFile.parse(parse(text));
    return { text, bot, evalCase: cases[0] as EvalCase };
}

/** Runs the case, makes a case of its record, and runs that. */
async function twice(
    bot: string,
    evalCase: EvalCase,
): Promise<{ first: RunResult; made: Awaited<ReturnType<typeof caseOf>>; second: RunResult }> {
    const first = await run(bot, evalCase);
    expect(first.failures).toEqual([]);
    const file = join(folder, `${bot}.json`);
    writeFileSync(file, JSON.stringify(first.outcome?.record));
    const made = await caseOf(file);
    expect(made.bot).toBe(bot);
    return { first, made, second: await run(bot, made.evalCase) };
}

describe('a recorded call as a case', () => {
    it(
        'of the record of a call: with an interruption, a silence and a transfer; it runs, and passes',
        async () => {
            const { made, second } = await twice('reception', {
                name: 'bill',
                language: 'en-US',
                input: { customer_name: 'Ms Green', not_declared: 'x', bot: 'reception' },
                model: [
                    'Welcome to Brightwater Energy, Ms Green. How can I help you?',
                    'Are you still there?',
                    'We are open until five in the afternoon, on every day of the week but Sunday.',
                    {
                        says: 'I am connecting you with billing.',
                        calls: { transfer_to_agent: { summary: 'A bill.', reason: 'bill', queue: 'Billing' } },
                    },
                ],
                script: [
                    { silent_ms: 8500 },
                    { say: 'When are you open?' },
                    { interrupt: 'I have a question about my bill.', after_ms: 1500 },
                ],
                expect: { end_reason: 'transfer' },
            });
            const { evalCase, text } = made;
            expect(text).toContain('takes no input variable not_declared, and the case has none');
            expect(evalCase.input).toEqual({ customer_name: 'Ms Green', bot: 'reception' });
            expect(evalCase).toMatchObject({
                language: 'en-US',
                script: [
                    { silent_ms: expect.any(Number) as number },
                    { say: 'When are you open?' },
                    { interrupt: 'I have a question about my bill.' },
                ],
                expect: {
                    end: 'completed',
                    end_reason: 'transfer',
                    interrupted: 1,
                    calls: { transfer_to_agent: { times: 1, outcome: 'ok', arguments: { queue: 'Billing' } } },
                },
            });
            expect(evalCase.model).toHaveLength(4);
            const [, , step] = evalCase.script ?? [];
            const afterMs = step !== undefined && 'interrupt' in step ? (step.after_ms ?? 0) : 0;
            expect(Math.abs(afterMs - 1500)).toBeLessThan(300);
            expect(second).toMatchObject({ failures: [], verdict: 'passed' });
        },
        LONG_MS,
    );

    it(
        'of a call with a service: the mock is the response of the service again, and the caller hangs up',
        async () => {
            const typed = { customer_number: '83920175', account_ending: '4711' };
            const { made, second } = await twice('billing', {
                name: 'balance',
                mocks: {
                    verify_customer: { json: { verified: true, verification: 'v-1', secret: 'x' }, after_ms: 200 },
                    read_balance: [{ json: { balance: { amount: '84.20', currency: 'EUR', due_date: '2026-02-01' } } }],
                },
                model: [
                    'How can I help you?',
                    { calls: { verify_customer: typed } },
                    { calls: { read_balance: { customer_number: '83920175', verification: 'v-1' } } },
                    'You owe 84 euros and 20 cents.',
                ],
                script: [{ say: 'What do I owe?' }, { hang_up: true, after_ms: 900 }],
                expect: { end: 'caller' },
            });
            expect(made.evalCase.mocks).toMatchObject({
                verify_customer: { json: { verified: true, verification: 'v-1' } },
                read_balance: { json: { balance: { amount: '84.20', currency: 'EUR', due_date: '2026-02-01' } } },
            });
            expect(made.evalCase.script?.at(-1)).toMatchObject({ hang_up: true });
            expect(second).toMatchObject({ failures: [], verdict: 'passed' });
        },
        LONG_MS,
    );

    it(
        'keys are not in a record: zeros stand for them, and it is said',
        async () => {
            const first = await run('reception', {
                name: 'keys',
                model: ['Hello.', 'Thank you.'],
                script: [{ keys: '17' }],
                expect: {},
            });
            const file = join(folder, 'keys.json');
            writeFileSync(file, JSON.stringify(first.outcome?.record));
            const { text, evalCase } = await caseOf(file);
            expect(evalCase.script?.[0]).toMatchObject({ keys: '00' });
            expect(text).toContain('each 0 in `keys` is one that is not known');
        },
        LONG_MS,
    );

    it(
        'of a flight file, with the keys that it has',
        async () => {
            const bench = new FlightBench();
            try {
                await bench.record(
                    {
                        openai: {
                            vad: 'off',
                            response: [
                                { text: 'Hello.', audioMs: 900 },
                                { text: 'I see.', audioMs: 800 },
                            ],
                        },
                    },
                    async (running) => {
                        const caller = running.caller();
                        await caller.dial();
                        await until('the greeting is over', () => caller.heardBytes >= 7000 && caller.queuedMs === 0);
                        caller.dtmf('42');
                        await until('the answer is over', () => caller.heardBytes >= 13_000 && caller.queuedMs === 0);
                        caller.hangUp();
                        await caller.ended;
                    },
                );
                const { evalCase, bot } = await caseOf(bench.files[0] ?? '');
                expect(evalCase.script?.[0]).toMatchObject({ keys: '42' });
                expect(evalCase.model).toEqual(['Hello.', 'I see.']);
                expect(evalCase.expect).toMatchObject({
                    end: 'caller',
                    heard: [{ contains: 'Hello.' }, { contains: 'I see.' }],
                });
                expect(await run(bot ?? '', evalCase)).toMatchObject({ failures: [] });
            } finally {
                bench.remove();
            }
        },
        LONG_MS,
    );

    it('refuses a file that no case can be made of, and never writes over one', async () => {
        const file = join(folder, 'odd.json');
        writeFileSync(file, '{}');
        await expect(caseText({ file, botsFolder: undefined })).rejects.toThrow(/no record of a call/);
        await expect(caseText({ file: join(folder, 'none.json'), botsFolder: undefined })).rejects.toThrow(/ENOENT/);
        await expect(caseText({ file: join(folder, 'none.flight'), botsFolder: undefined })).rejects.toThrow(/ENOENT/);
        expect(() => {
            writeCase('x', file);
        }).toThrow(/is there already/);
        expect(readFileSync(file, 'utf8')).toBe('{}');
    });

    it('refuses a record without words', async () => {
        const { outcome } = await run('reception', { name: 'x', model: ['Hello.'], script: [], expect: {} });
        const file = join(folder, 'metadata.json');
        writeFileSync(file, JSON.stringify({ ...(outcome?.record as CallDocument), mode: 'metadata' }));
        await expect(caseText({ file, botsFolder: undefined })).rejects.toThrow(/mode `metadata`/);
    });

    it.each([[['a', '--as-eval', '--as-test', 'b']], [['a', '--out', 'b']]])('refuses the arguments %j', (args) => {
        expect(() => readOptions(args)).toThrow(RangeError);
    });
});
