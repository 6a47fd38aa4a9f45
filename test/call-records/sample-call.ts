import type { CallDocument } from '../../src/call-records/document';

export const SAMPLE_SESSION = '7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e10';
export const SAMPLE_CONVERSATION = 'c5b0e1d4-97a2-4f06-b3d8-1e6a0c4f2b77';

/** The record of a short call in the mode `full`: a greeting, a question, an answer that was interrupted. */
export function sampleCall(changes: Partial<CallDocument> = {}): CallDocument {
    const turn = { toolsMs: 0, interrupted: false, audioMs: 2000, heardMs: 2000, faults: [] };
    return {
        version: 1,
        mode: 'full',
        sessionId: SAMPLE_SESSION,
        conversationId: SAMPLE_CONVERSATION,
        organizationId: '3f1c9a52-0b7e-4d38-8a61-5be0c2d7f914',
        startedAt: '2026-11-22T11:58:00.000Z',
        server: '0.1.0',
        bot: { name: 'billing' },
        inputVariables: {},
        endedAt: '2026-11-22T12:00:00.000Z',
        durationMs: 120_000,
        endReason: 'transfer',
        outputVariables: { topic: 'invoice', cost_usd: '0.0412', end_reason: 'transfer', bot: 'billing' },
        fallbackUsed: [],
        figures: {
            turns: 2,
            bargeIns: 1,
            takenBack: 0,
            digits: 0,
            toolCalls: 1,
            callerAudioMs: 60_000,
            lostCallerAudioMs: 0,
            costUsd: 0.0412,
            inputTokens: 100,
            outputTokens: 100,
            pricesAsOf: '2026-11',
        },
        turns: [
            {
                ...turn,
                number: 1,
                begunBy: 'bot',
                startMs: 0,
                endMs: 9000,
                said: 'My invoice is wrong, number 4711 22.',
                generated: 'Hello, how can I help?',
                heard: 'Hello, how can I help?',
            },
            {
                ...turn,
                number: 2,
                begunBy: 'caller',
                startMs: 9000,
                endMs: 20_000,
                said: 'A person, please.',
                generated: 'I see the invoice and can explain every line of it to you.',
                heard: 'I see the invoice',
                interrupted: true,
                heardMs: 900,
            },
        ],
        events: [{ atMs: 4000, kind: 'tool', name: 'find_invoice', callId: 'c1', ms: 300, outcome: 'ok' }],
        cut: 0,
        ...changes,
    };
}
