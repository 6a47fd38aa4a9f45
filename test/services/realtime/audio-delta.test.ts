import fc from 'fast-check';
import { readAudioFrame } from '../../../src/services/realtime/audio-delta';
import { readServerEvent } from '../../../src/services/realtime/events';
import { deltaEvent } from './support';

const ORIGIN = { responseId: 'resp_1', itemId: 'item_1', outputIndex: 2, contentIndex: 0 };

function frame(changes: object = {}): Buffer {
    return Buffer.from(JSON.stringify({ ...deltaEvent('resp_1', 'item_1', Uint8Array.of(1, 2, 3), 2), ...changes }));
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

    it('reads every frame as the parser alone does, however it is damaged', () => {
        const damage = fc.array(fc.record({ at: fc.nat(400), byte: fc.integer({ min: 0, max: 127 }) }), {
            maxLength: 3,
        });
        const order = fc.shuffledSubarray(Object.entries(deltaEvent('resp_1', 'item_1', Uint8Array.of(250, 7, 9), 1)), {
            minLength: 4,
        });
        const extra = fc.dictionary(fc.constantFrom('delta', 'type', 'x', 'part'), fc.jsonValue(), { maxKeys: 2 });
        fc.assert(
            fc.property(order, extra, damage, (fields, more, damages) => {
                const bytes = Buffer.from(JSON.stringify({ ...Object.fromEntries(fields), ...more }));
                for (const { at, byte } of damages) if (at < bytes.length) bytes[at] = byte;
                expect(readServerEvent(bytes)).toEqual(readServerEvent(bytes.toString()));
            }),
            { numRuns: 3000 },
        );
    });
});
