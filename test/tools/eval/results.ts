import type { CallEvent } from '../../../tools/caller/call-event';
import { tallyCases } from '../../../tools/eval/pass-k';
import type { CallOutcome, RunResult } from '../../../tools/eval/result';
import type { CaseToRun } from '../../../tools/eval/run-case';
import type { Report } from '../../../tools/eval/words';

/** A case of the bot `billing`, as it is handed to a process. */
export function caseToRun(changes: Partial<CaseToRun> = {}, name = 'balance'): CaseToRun {
    return {
        bot: 'billing',
        file: 'bots/billing.eval.yaml',
        folder: '/bots',
        botsFolder: '/bots',
        evalCase: { name, script: [], expect: {} },
        run: 1,
        seed: 1,
        live: false,
        ...changes,
    };
}

export function runResult(changes: Partial<RunResult> = {}): RunResult {
    return {
        bot: 'billing',
        file: 'bots/billing.eval.yaml',
        name: 'balance',
        run: 1,
        seed: 1,
        verdict: 'passed',
        failures: [],
        notJudged: [],
        tookMs: 1200,
        ...changes,
    };
}

/** What a made-up run function gives for a case. */
export function resultFor({ bot, file, evalCase, run, seed }: CaseToRun, changes: Partial<RunResult> = {}): RunResult {
    return runResult({ bot, file, name: evalCase.name, run, seed, ...changes });
}

export function reportOf(results: readonly RunResult[], changes: Partial<Report> = {}): Report {
    return {
        startedAt: '2026-11-28T09:00:00.000Z',
        tookMs: 4200,
        version: '0.1.0',
        options: { live: false, runs: 1, minPass: 1 },
        notRun: 0,
        tallies: tallyCases(results, 1),
        mistakes: [],
        ...changes,
    };
}

/** A call of 15 s: a greeting, a question, an answer that is interrupted, a function, an answer. Made up by hand. */
export function callOutcome(changes: Partial<CallOutcome> = {}): CallOutcome {
    return {
        answers: [
            {
                turn: 1,
                fromMs: 700,
                toMs: 2900,
                generated: 'Welcome to Brightwater.',
                heard: 'Welcome to Brightwater.',
            },
            {
                turn: 2,
                fromMs: 5600,
                toMs: 8000,
                generated: 'Your balance is twelve euros and forty cents.',
                heard: 'Your balance is',
                waitedMs: 1400,
            },
            { turn: 3, fromMs: 11_000, toMs: 13_000, generated: 'Goodbye.', heard: 'Goodbye.', waitedMs: 2100 },
        ],
        functions: [
            { atMs: 5100, name: 'read_balance', arguments: { customer: 4711 }, outcome: 'ok', ms: 700 },
            { atMs: 10_200, name: 'end_call', arguments: {}, outcome: 'refused', ms: 20 },
        ],
        done: [
            { atMs: 3200, toMs: 4200, what: 'say', text: 'What do I owe?' },
            { atMs: 7600, toMs: 8900, what: 'interrupt', text: 'Stop, that is enough.' },
            { atMs: 13_400, toMs: 13_600, what: 'keys', text: '•' },
        ],
        outputs: { end_reason: 'bot_ended' },
        end: 'completed',
        durationMs: 15_000,
        record: undefined,
        events: EVENTS,
        ...changes,
    };
}

const EVENTS: readonly CallEvent[] = [
    { atMs: 120, kind: 'upgraded', signed: true },
    { atMs: 300, kind: 'received', type: 'opened', parameters: {}, text: '{}' },
    { atMs: 690, kind: 'audioReceived', bytes: 17_600 },
    { atMs: 700, kind: 'playback', what: 'started', heardMs: 0, totalMs: 2200 },
    { atMs: 2900, kind: 'playback', what: 'completed', heardMs: 2200, totalMs: 2200 },
    { atMs: 3300, kind: 'vad', speaking: true, agoMs: 100 },
    { atMs: 4700, kind: 'vad', speaking: false, agoMs: 500 },
    { atMs: 5200, kind: 'openai', sent: false, type: 'response.output_audio.delta', detail: '' },
    { atMs: 5500, kind: 'audioReceived', bytes: 40_000 },
    { atMs: 5600, kind: 'playback', what: 'started', heardMs: 0, totalMs: 5000 },
    { atMs: 7800, kind: 'vad', speaking: true, agoMs: 200 },
    { atMs: 7900, kind: 'overlap', verdict: 'held', reason: 'speech', spanMs: 300, beganAgoMs: 300 },
    { atMs: 8000, kind: 'overlap', verdict: 'turn', reason: 'words', words: 'stop', spanMs: 400, beganAgoMs: 400 },
    { atMs: 8000, kind: 'playback', what: 'flushed', heardMs: 2400, totalMs: 5000 },
    { atMs: 9400, kind: 'vad', speaking: false, agoMs: 500 },
    { atMs: 10_400, kind: 'openai', sent: false, type: 'response.output_audio.delta', detail: '' },
    { atMs: 10_900, kind: 'audioReceived', bytes: 16_000 },
    { atMs: 11_000, kind: 'playback', what: 'started', heardMs: 0, totalMs: 2000 },
    { atMs: 13_000, kind: 'playback', what: 'completed', heardMs: 2000, totalMs: 2000 },
    { atMs: 13_200, kind: 'keypad', secure: true },
    { atMs: 13_900, kind: 'keypad', secure: false },
    { atMs: 15_000, kind: 'gone', byServer: false, code: 1000 },
];

/** A failure at a place of that call. */
export function failedResult(changes: Partial<RunResult> = {}): RunResult {
    return runResult({
        verdict: 'failed',
        line: 12,
        failures: [
            {
                of: 'within_ms',
                line: 20,
                why: 'Expected an answer within 1500 ms, and it took 2100 ms.',
                atMs: 11_000,
                sentence: 'Goodbye.',
            },
            { of: 'calls', why: 'end_call was expected to be ok, and was refused.', atMs: 10_200 },
            { of: 'outputs', why: 'Expected reading = /^[0-9]{6}$/, and it was not sent.' },
        ],
        outcome: callOutcome(),
        ...changes,
    });
}
