import fc from 'fast-check';
import { durationToMs } from '../../src/protocol/core';
import { callerSamples, chooseMedia } from '../../src/protocol/media';
import { parseClientMessage } from '../../src/protocol/parse';
import { msToDuration } from '../../tools/caller/media';
import { openParameters } from '../support/session-harness';

function envelope(type: string, parameters: unknown): string {
    const head = { version: '2', id: 'x', type, seq: 1, serverseq: 0, position: 'PT0S' };
    return JSON.stringify({ ...head, parameters });
}

describe('durations', () => {
    it.each([
        ['PT0S', 0],
        ['PT0.0S', 0],
        ['PT1.25S', 1250],
        ['PT.5S', 500],
        ['PT3600S', 3_600_000],
    ])('reads %s', (text, ms) => {
        expect(durationToMs(text)).toBeCloseTo(ms, 6);
    });

    it.each(['', 'PTS', 'PT.S', 'PT1M', '1.5', 'PT-1S', 'PT1.5', 'P1D', 'PT1e3S', ` PT1S`, `PT${'9'.repeat(400)}S`])(
        'refuses %p',
        (text) => {
            expect(durationToMs(text)).toBeUndefined();
        },
    );

    it('reads what the test client writes', () => {
        fc.assert(
            fc.property(fc.integer({ min: 0, max: 10_000_000 }), (samples) => {
                expect(durationToMs(msToDuration(samples / 8))).toBeCloseTo(samples / 8, 3);
            }),
        );
    });
});

describe('media', () => {
    it('keeps the layout of the item it chose', () => {
        const item = { type: 'audio', format: 'PCMU', channels: ['internal', 'external'], rate: 8000 };
        const media = chooseMedia([item], false);
        expect(media).toEqual({ item, channelCount: 2, callerChannel: 1 });
        expect(media && [...callerSamples(Uint8Array.of(1, 2, 3, 4), media)]).toEqual([2, 4]);
    });

    it('gives a mono frame through as it is', () => {
        const frame = Uint8Array.of(1, 2, 3);
        expect(callerSamples(frame, { item: undefined, channelCount: 1, callerChannel: 0 })).toBe(frame);
    });

    it.each([[['external', 'external']], [['external', 'internal', 'external']], [[]], [['outer']]])(
        'refuses the channels %p',
        (channels) => {
            expect(chooseMedia([{ type: 'audio', format: 'PCMU', channels, rate: 8000 }], true)).toBeUndefined();
        },
    );
});

describe('reading client messages', () => {
    it('never throws, for any input (property)', () => {
        fc.assert(
            fc.property(
                fc.oneof(
                    fc.string(),
                    fc.json(),
                    fc.object().map((value) => JSON.stringify(value)),
                ),
                (text) => {
                    expect(['fault', 'unknown', 'unusable', 'message']).toContain(parseClientMessage(text).kind);
                },
            ),
        );
    });

    it('never throws on any parameters of any known type (property)', () => {
        const types = ['open', 'close', 'ping', 'error', 'dtmf', 'update', 'paused', 'resumed', 'discarded'];
        fc.assert(
            fc.property(fc.constantFrom(...types), fc.object(), (type, parameters) => {
                expect(['unusable', 'message']).toContain(parseClientMessage(envelope(type, parameters)).kind);
            }),
        );
    });

    it('takes numbers and booleans of input variables as their text, names objects and lists, bounds their number, and does not know prototypes', () => {
        const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`v${i}`, 'x']));
        const inputVariables = JSON.parse(
            '{"a":"1","b":4711,"c":true,"d":{"x":1},"e":[1],"f":null,"__proto__":"evil","constructor":"c"}',
        ) as object;
        const read = (variables: object) => {
            const parsed = parseClientMessage(envelope('open', openParameters({ inputVariables: variables })));
            if (parsed.kind !== 'message' || parsed.message.type !== 'open') throw new Error('not an open');
            return parsed.message.parameters;
        };
        const { inputVariables: taken, unreadableVariables } = read(inputVariables);
        expect(Object.entries(taken).sort()).toEqual([
            ['__proto__', 'evil'],
            ['a', '1'],
            ['b', '4711'],
            ['c', 'true'],
            ['constructor', 'c'],
        ]);
        expect(unreadableVariables).toEqual(['d', 'e']);
        expect(Object.getPrototypeOf(taken)).toBeNull();
        expect(Object.keys(read(many).inputVariables)).toHaveLength(200);
    });

    it('names the place of a fault, and not its value', () => {
        const parsed = parseClientMessage(envelope('open', openParameters({ conversationId: 42 })));
        expect(parsed).toMatchObject({ kind: 'unusable', where: 'parameters.conversationId' });
        expect(JSON.stringify(parsed)).not.toContain('42');
    });
});
