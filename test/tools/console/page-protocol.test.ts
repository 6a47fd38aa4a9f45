import fc from 'fast-check';
import { readConsoleMessage, readPageMessage } from '../../../tools/console/page-protocol';

const SETTINGS = { bot: '', language: 'en-us', variables: { tier: 'gold' }, frameMs: 200, hideKeys: false };

describe('a message of the page', () => {
    it.each([
        { type: 'hello', token: 'x' },
        { type: 'call', settings: SETTINGS },
        { type: 'key', digit: '#' },
        { type: 'hold', on: true },
        { type: 'mute', on: false },
        { type: 'say', sample: 'x' },
        { type: 'hangUp' },
        { type: 'playout', what: 'at', heardBytes: 12, flush: 0 },
    ])('is read as it is: $type', (message) => {
        expect(readPageMessage(JSON.stringify(message))).toEqual(message);
    });

    it.each([
        { type: 'key', digit: '12' },
        { type: 'key', digit: 'A' },
        { type: 'hold', on: 1 },
        { type: 'call' },
        { type: 'call', settings: { ...SETTINGS, frameMs: 5 } },
        { type: 'call', settings: { ...SETTINGS, variables: { tier: 1 } } },
        { type: 'call', settings: { ...SETTINGS, bot: 'x'.repeat(5000) } },
        { type: 'playout', what: 'at', heardBytes: -1, flush: 0 },
        { type: 'playout', what: 'heard', heardBytes: 1, flush: 0 },
        { type: 'other' },
        [],
        null,
    ])('is not read when anything of it is wrong: %j', (message) => {
        expect(readPageMessage(JSON.stringify(message))).toBeUndefined();
    });

    it('never throws', () => {
        fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => readPageMessage(text) === undefined));
    });
});

describe('a message of the console', () => {
    it.each([
        { type: 'refused', why: 'x' },
        { type: 'flush', flush: 1 },
        { type: 'event', event: { atMs: 1, kind: 'sentRaw', bytes: 1 } },
        { type: 'ended', good: true, sentence: 'x', protocolChecks: 1, checksBroken: 0 },
    ])('is read as it is: $type', (message) => {
        expect(readConsoleMessage(JSON.stringify(message))).toEqual(message);
    });

    it.each([{ type: 'flush' }, { type: 'event', event: { atMs: 1, kind: 'x' } }, { type: 'x' }, 'x', null])(
        'is not read when anything of it is wrong: %j',
        (message) => {
            expect(readConsoleMessage(JSON.stringify(message))).toBeUndefined();
        },
    );
});
