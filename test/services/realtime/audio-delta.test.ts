import fc from 'fast-check';
import { readAudioFrame } from '../../../src/services/realtime/audio-delta';
import { readServerEvent } from '../../../src/services/realtime/events';
import { deltaEvent } from './support';

const ORIGIN = { responseId: 'resp_1', itemId: 'item_1', outputIndex: 2, contentIndex: 0 };

/** As the service sends it, with the identifier of the event. */
function usualEvent(bytes: Uint8Array, outputIndex: number): Record<string, unknown> {
    return { event_id: 'event_A-1', ...deltaEvent('resp_1', 'item_1', bytes, outputIndex) };
}

function frame(changes: object = {}): Buffer {
    return Buffer.from(JSON.stringify({ ...usualEvent(Uint8Array.of(1, 2, 3), 2), ...changes }));
}

describe('readAudioFrame', () => {
    it('takes the audio of a usual frame from its bytes, into memory of its own', () => {
        const read = readAudioFrame(frame());
        expect(read).toEqual({ type: 'audio', bytes: Buffer.from([1, 2, 3]), ...ORIGIN });
        expect(read?.bytes.buffer.byteLength).toBe(3);
    });

    it.each([
        ['another event', frame({ type: 'response.output_text.delta' })],
        ['an escaped slash', Buffer.from(frame({ delta: 'ab/d' }).toString().replace('/', '\\/'))],
        ['no base64', frame({ delta: 'AA=A' })],
        ['two deltas', Buffer.from(frame().toString().replace('{', '{"delta":"AAAA",'))],
        ['a delta within another field', frame({ delta: undefined, part: { delta: 'AAAA' } })],
        ['spaces', Buffer.from(JSON.stringify(JSON.parse(frame().toString()), null, 1))],
        ['no end', frame().subarray(0, -20)],
        ['no response', frame({ response_id: undefined })],
    ])('leaves %s to the parser', (_what, odd) => {
        expect(readAudioFrame(odd)).toBeUndefined();
    });

    it.each([0, 1, 2, 3, 11, 12, 13, 14, 1600, 9600, 12_284, 12_286, 12_288, 12_290, 40_001])(
        'decodes %d bytes',
        (count) => {
            const bytes = Buffer.from(Uint8Array.from({ length: count }, (_, at) => (at * at + 7 * at) % 256));
            const read = readAudioFrame(Buffer.from(JSON.stringify(usualEvent(bytes, 2))));
            expect(read?.bytes.equals(bytes)).toBe(true);
        },
    );

    it('reads audio with a wrong letter anywhere as the parser alone does', () => {
        const audio = fc.uint8Array({ minLength: 1, maxLength: 100 });
        const letter = fc.integer({ min: 1, max: 126 }).filter((byte) => byte !== 0x22 && byte !== 0x5c);
        fc.assert(
            fc.property(
                audio,
                fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
                letter,
                (bytes, place, byte) => {
                    const text = Buffer.from(bytes).toString('base64');
                    const damaged = Buffer.from(text);
                    damaged[Math.floor(place * text.length)] = byte;
                    const whole = frame({ delta: damaged.toString('latin1') });
                    expect(readServerEvent(whole)).toEqual(readServerEvent(whole.toString()));
                },
            ),
            { numRuns: 2000 },
        );
    });

    it.each([
        { event_id: 'a"b' },
        { event_id: 5 },
        { response_id: 'r\u00e9' },
        { response_id: '' },
        { item_id: 'a b' },
        { output_index: -1 },
        { output_index: 1.5 },
        { output_index: 1e7 },
        { content_index: '0' },
        { content_index: undefined },
    ])('reads a frame with %j as the parser alone does', (changes) => {
        const odd = frame(changes);
        expect(readServerEvent(odd)).toEqual(readServerEvent(odd.toString()));
    });

    it('reads the fields in another order, and others beside them', () => {
        const { type, delta, ...rest } = usualEvent(Uint8Array.of(1, 2, 3), 2);
        const read = readAudioFrame(Buffer.from(JSON.stringify({ ...rest, type, obfuscation: 'x', delta, more: [1] })));
        expect(read).toEqual({ type: 'audio', bytes: Buffer.from([1, 2, 3]), ...ORIGIN });
    });

    it('reads every frame as the parser alone does, however it is damaged', () => {
        const damage = fc.array(fc.record({ at: fc.nat(400), byte: fc.integer({ min: 0, max: 127 }) }), {
            maxLength: 3,
        });
        const order = fc.shuffledSubarray(Object.entries(usualEvent(Uint8Array.of(250, 7, 9), 1)), {
            minLength: 4,
        });
        const sorted = fc.oneof(order, fc.constant(Object.entries(usualEvent(Uint8Array.of(250, 7, 9), 1))));
        const extra = fc.dictionary(fc.constantFrom('delta', 'type', 'x', 'part'), fc.jsonValue(), { maxKeys: 2 });
        fc.assert(
            fc.property(sorted, extra, damage, (fields, more, damages) => {
                const bytes = Buffer.from(JSON.stringify({ ...Object.fromEntries(fields), ...more }));
                for (const { at, byte } of damages) if (at < bytes.length) bytes[at] = byte;
                expect(readServerEvent(bytes)).toEqual(readServerEvent(bytes.toString()));
            }),
            { numRuns: 3000 },
        );
    });
});
