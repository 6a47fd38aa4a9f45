import { parseClientMessage, type ParseResult } from '../../src/protocol/parse';
import { openParameters } from '../support/session-harness';

const HEAD = { version: '2', id: 'x', seq: 1, serverseq: 0, position: 'PT0S' };

function read(message: object): ParseResult {
    return parseClientMessage(JSON.stringify(message));
}

/** A message of this type whose envelope is right. */
function given(type: string, parameters: unknown): ParseResult {
    return read({ ...HEAD, type, parameters });
}

/** What the message of this type is read as. */
function parametersOf(type: string, parameters: unknown): unknown {
    const result = given(type, parameters);
    if (result.kind !== 'message') throw new Error(`${type}: ${JSON.stringify(result)}`);
    expect(result.message).toMatchObject({ ...HEAD, type });
    return result.message.parameters;
}

function openWith(changes: Record<string, unknown>): unknown {
    return parametersOf('open', openParameters(changes));
}

describe('the envelope', () => {
    const right = { ...HEAD, type: 'ping', parameters: {} };

    it('is taken with what it has, without what it does not have, and without unknown fields', () => {
        expect(read({ ...right, more: 1 })).toEqual({ kind: 'message', message: right });
    });

    it.each(['', '{', 'hello', '{"version":"2"'])('is not there in the text %j', (text) => {
        expect(parseClientMessage(text)).toEqual({ kind: 'fault', code: 'ERR_MESSAGE_NOT_JSON', where: '' });
    });

    it.each(['null', '5', '[]', '"text"', 'true'])('is not there in the value %s', (json) => {
        expect(parseClientMessage(json)).toEqual({ kind: 'fault', code: 'ERR_MESSAGE_SHAPE', where: '' });
    });

    it.each([
        ['version', ['1', 2, undefined]],
        ['id', ['x'.repeat(101), 1, undefined]],
        ['type', [1, null, undefined]],
        ['seq', [-1, 1.5, 2 ** 53, '1', undefined]],
        ['serverseq', [-1, 1.5, 2 ** 53, '1', undefined]],
        ['position', ['x'.repeat(101), 0, undefined]],
        ['parameters', ['x', null, undefined]],
    ])('is refused for its %s, whose name alone is told', (field, values) => {
        for (const value of values)
            expect(read({ ...right, [field]: value })).toEqual({
                kind: 'fault',
                code: 'ERR_MESSAGE_SHAPE',
                where: field,
            });
    });

    it.each([
        ['id', ['', 'x'.repeat(100)]],
        ['seq', [0, Number.MAX_SAFE_INTEGER]],
        ['serverseq', [0, Number.MAX_SAFE_INTEGER]],
        ['position', ['', 'x'.repeat(100)]],
    ])('is taken with the least and the most of its %s', (field, values) => {
        for (const value of values) {
            const message = { ...right, [field]: value };
            expect(read(message)).toEqual({ kind: 'message', message });
        }
    });

    it.each(['event', 'constructor', '__proto__', 'toString', ''])(
        'counts around the unknown type %j, and nothing in it is looked at',
        (type) => {
            expect(given(type, { anything: 1 })).toEqual({ kind: 'unknown', type, envelope: HEAD });
        },
    );
});

describe('the parameters of `open`', () => {
    const [organizationId, conversationId] = ['o', 'c'];
    const media = [{ type: 'audio', format: 'PCMU', channels: ['external'], rate: 8000 }];
    const participant = { id: 'p', ani: '+49 30 1', aniName: 'Anna', dnis: '+49 30 2' };
    const least = { organizationId, conversationId, participant, media };
    const without = { inputVariables: {}, unreadableVariables: [] };

    it('are what is given, and no unknown field', () => {
        expect(parametersOf('open', { ...least, more: 1 })).toEqual({ ...least, ...without });
    });

    it.each(['organizationId', 'conversationId'])('need an id of 1 to 100 characters as %s', (field) => {
        for (const value of ['', 'x'.repeat(101), 5, undefined])
            expect(given('open', { ...least, [field]: value })).toEqual({
                kind: 'unusable',
                type: 'open',
                envelope: HEAD,
                code: 'ERR_OPEN_PARAMETERS',
                where: `parameters.${field}`,
            });
        expect(openWith({ [field]: 'x'.repeat(100) })).toMatchObject({ [field]: 'x'.repeat(100) });
    });

    it('need a participant and a list of media', () => {
        for (const [field, value] of [
            ['participant', undefined],
            ['participant', 'x'],
            ['media', undefined],
            ['media', {}],
        ] as const)
            expect(given('open', { ...least, [field]: value })).toMatchObject({ where: `parameters.${field}` });
    });

    it('take what a participant lacks, or has of another type, as the empty text', () => {
        expect(openWith({ participant: { ani: 5, aniName: null } })).toMatchObject({
            participant: { id: '', ani: '', aniName: '', dnis: '' },
        });
    });

    it('take an item of media of another shape as one that is never chosen, and keep the rest of the others', () => {
        const [item] = media;
        const odd = [5, null, {}, { ...item, type: 1 }, { ...item, format: 1 }, { ...item, rate: '8000' }];
        const unreadable = { type: 'unknown', format: 'unknown', channels: [], rate: 0 };
        const lists = [
            { ...item, channels: 'external' },
            { ...item, channels: [1] },
        ];
        expect(openWith({ media: [...odd, ...lists, { ...item, more: 1 }] })).toMatchObject({
            media: [...odd.map(() => unreadable), ...lists.map(() => unreadable), { ...item, more: 1 }],
        });
    });

    it.each(['en', 'en-US', 'zh-Hant-TW', 'a2345678-a2345678', `a${'-b'.repeat(8)}`])('take the language %s', (tag) => {
        expect(openWith({ language: tag })).toMatchObject({ language: tag });
    });

    it.each([
        '',
        '-',
        'en-',
        '-en',
        'a23456789',
        'en-a23456789',
        `a${'-b'.repeat(9)}`,
        'en_US',
        'en US',
        ' en',
        'en\n',
        5,
        null,
    ])('take the language %j as none', (tag) => {
        expect(openWith({ language: tag })).not.toHaveProperty('language');
    });

    it('say whether other languages are offered, where that is a truth value', () => {
        expect(openWith({ supportedLanguages: true })).toMatchObject({ supportedLanguages: true });
        expect(openWith({ supportedLanguages: false })).toMatchObject({ supportedLanguages: false });
        expect(openWith({ supportedLanguages: 'yes' })).not.toHaveProperty('supportedLanguages');
    });

    it('keep `customConfig` as it is', () => {
        expect(openWith({ customConfig: { a: [1] } })).toMatchObject({ customConfig: { a: [1] } });
    });

    it.each([[undefined], [null], ['text'], [5], [[]], [{}]])('hold no variables in %j', (inputVariables) => {
        expect(parametersOf('open', { ...least, inputVariables })).toMatchObject(without);
    });

    it('leave out a variable whose name is longer than 200 characters, and count the first 200', () => {
        const names = ['x'.repeat(200), 'x'.repeat(201)];
        const read = (entries: [string, unknown][]): unknown =>
            openWith({ inputVariables: Object.fromEntries(entries) });
        expect(read(names.map((name) => [name, 'v']))).toMatchObject({ inputVariables: { [names[0] ?? '']: 'v' } });
        expect(JSON.stringify(read(names.map((name) => [name, 'v'])))).not.toContain(names[1]);
        const many = Array.from({ length: 201 }, (_, index): [string, unknown] => [
            `v${index}`,
            index < 199 ? 'x' : {},
        ]);
        expect(read(many)).toMatchObject({ unreadableVariables: ['v199'] });
    });

    it('name a variable that cannot be read, unless its name is longer than 64 characters or odd', () => {
        const inputVariables = {
            'a b.c-d_1': {},
            ['y'.repeat(64)]: [],
            ['y'.repeat(65)]: {},
            ä: {},
            'a\n': {},
            '': {},
        };
        expect(openWith({ inputVariables })).toMatchObject({
            inputVariables: {},
            unreadableVariables: ['a b.c-d_1', 'y'.repeat(64), ...Array<string>(4).fill('(another name)')],
        });
    });
});

describe('the parameters of other messages', () => {
    it.each([
        ['close', { reason: 'end', more: 1 }, { reason: 'end' }],
        ['close', {}, { reason: '' }],
        ['close', { reason: 5 }, { reason: '' }],
        ['ping', { rtt: 'PT0.1S', more: 1 }, { rtt: 'PT0.1S' }],
        ['ping', { rtt: 5 }, {}],
        ['ping', {}, {}],
        [
            'error',
            { code: 429, message: 'slow', retryAfter: 'PT1S' },
            { code: 429, message: 'slow', retryAfter: 'PT1S' },
        ],
        ['error', { code: 400 }, { code: 400, message: '' }],
        ['error', { code: 400, message: 5, retryAfter: 5 }, { code: 400, message: '' }],
        ['playback_started', { any: [1] }, { any: [1] }],
        ['playback_completed', { any: [1] }, { any: [1] }],
        ['dtmf', { digit: '5', more: 1 }, { digit: '5' }],
        ['dtmf', { digit: '0123456789' }, { digit: '0123456789' }],
        ['update', { language: 'de-DE', more: 1 }, { language: 'de-DE' }],
        ['update', { language: 'de_DE' }, {}],
        ['paused', { any: 1 }, { any: 1 }],
        ['resumed', { start: 'PT1S', discarded: 'PT2S', more: 1 }, { start: 'PT1S', discarded: 'PT2S' }],
        ['resumed', { start: 1, discarded: 2 }, {}],
        ['discarded', { start: 'PT1S' }, { start: 'PT1S' }],
        ['discarded', { discarded: 'PT2S' }, { discarded: 'PT2S' }],
    ])('%s: %j is read as %j', (type, parameters, expected) => {
        // A field that is not given is not there, and not undefined.
        expect(parametersOf(type, parameters)).toStrictEqual(expected);
    });

    it.each([
        ['error', {}, 'code'],
        ['error', { code: 1.5 }, 'code'],
        ['error', { code: '400' }, 'code'],
        ['dtmf', {}, 'digit'],
        ['dtmf', { digit: '' }, 'digit'],
        ['dtmf', { digit: '01234567890' }, 'digit'],
        ['dtmf', { digit: 5 }, 'digit'],
    ] as const)('%s: %j cannot be used, for its %s', (type, parameters, field) => {
        expect(given(type, parameters)).toEqual({
            kind: 'unusable',
            type,
            envelope: HEAD,
            code: 'ERR_MESSAGE_PARAMETERS',
            where: `parameters.${field}`,
        });
    });
});
