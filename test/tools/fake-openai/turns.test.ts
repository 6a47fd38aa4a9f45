import { INSTANT, type CommittedAudio, type FakeOpenAIOptions } from '../../../tools/fake-openai';
import type { JsonObject } from '../../../tools/fake-openai/protocol';
import { FakeClock } from '../../support/fake-clock';
import { append, Bench, loud, part, pcmuUpdate, silence } from './test-client';

const bench = new Bench();
afterEach(() => bench.end());

const vad = (fields: JsonObject = {}) => ({
    turn_detection: { type: 'server_vad', prefix_padding_ms: 300, silence_duration_ms: 500, ...fields },
});

async function ready(options: FakeOpenAIOptions = {}, input: JsonObject = vad()) {
    const fake = await bench.fake({ ...INSTANT, ...options });
    return { fake, ...(await bench.ready(fake, pcmuUpdate(input))) };
}

const TURN = [
    'input_audio_buffer.speech_started',
    'input_audio_buffer.speech_stopped',
    'input_audio_buffer.committed',
    'conversation.item.added',
    'conversation.item.done',
    'response.created',
];

describe("the caller's turns", () => {
    it('are heard in the appended audio; offsets count appended milliseconds', async () => {
        const { fake, client, session } = await ready();
        for (const bytes of [silence(1_000), loud(700), silence(480)]) client.send(append(bytes));
        expect(await client.next('input_audio_buffer.speech_started')).toMatchObject({ audio_start_ms: 700 });
        expect(client.types).not.toContain('input_audio_buffer.speech_stopped');
        client.send(append(silence(40)));
        const stopped = await client.next('input_audio_buffer.speech_stopped');
        expect(stopped['audio_end_ms']).toBe(2_200);
        const committed = await client.next('input_audio_buffer.committed');
        expect(committed).toMatchObject({ previous_item_id: null, item_id: stopped['item_id'] });
        await client.next('response.done');
        expect(client.types.slice(2, 8)).toEqual(TURN);
        expect(session.conversation[0]).toMatchObject({ id: stopped['item_id'], role: 'user', status: 'completed' });
        expect(fake.faults).toEqual([]);
    });

    it('hear the same in frames of 20 ms, and nothing in line noise', async () => {
        const { client, session } = await ready();
        const noise = Buffer.from(Array.from({ length: 8_000 }, (_, i) => 0xff - ((i * 7) % 24)));
        const stream = Buffer.concat([noise, loud(700), silence(600)]);
        for (let at = 0; at < stream.length; at += 160) client.send(append(stream.subarray(at, at + 160)));
        expect(await client.next('input_audio_buffer.speech_started')).toMatchObject({ audio_start_ms: 700 });
        expect(await client.next('input_audio_buffer.speech_stopped')).toMatchObject({ audio_end_ms: 2_200 });
        await client.next('response.done');
        expect(session.appended.equals(stream)).toBe(true);
    });

    it('need louder speech when the threshold is higher', async () => {
        const { client, session } = await ready({}, vad({ threshold: 1 }));
        const faint = Buffer.from(Array.from({ length: 4_000 }, (_, i) => (i % 16 < 8 ? 0xcf : 0x4f)));
        client.send(append(faint));
        client.send(pcmuUpdate(vad({ threshold: 0.3 })));
        await client.next('session.updated');
        expect(client.types).not.toContain('input_audio_buffer.speech_started');
        client.send(append(faint));
        await client.next('input_audio_buffer.speech_started');
        expect(session.appendedMs).toBe(1_000);
    });

    it('are found in PCM16 too, and with semantic VAD', async () => {
        const fake = await bench.fake(INSTANT);
        const pcm = { type: 'audio/pcm', rate: 24000 };
        const { client } = await bench.ready(
            fake,
            pcmuUpdate({ format: pcm, turn_detection: { type: 'semantic_vad', create_response: false } }),
        );
        const tone = Buffer.alloc(48 * 300);
        for (let i = 0; i < tone.length / 2; i++) tone.writeInt16LE(i % 48 < 24 ? 8_000 : -8_000, i * 2);
        client.send(append(tone));
        client.send(append(Buffer.alloc(48 * 700)));
        expect(await client.next('input_audio_buffer.speech_started')).toMatchObject({ audio_start_ms: 0 });
        expect(await client.next('input_audio_buffer.speech_stopped')).toMatchObject({ audio_end_ms: 900 });
    });

    it('follow a script of appended milliseconds', async () => {
        const script = {
            speech: [
                { fromMs: 400, toMs: 900 },
                { fromMs: 1_000, toMs: 1_100 },
            ],
        };
        const { client } = await ready({ vad: script }, vad({ create_response: false }));
        for (let i = 0; i < 12; i++) client.send(append(silence(100)));
        await client.next('input_audio_buffer.committed');
        await client.next('input_audio_buffer.committed');
        const offsets = client.events.flatMap((event) => event['audio_start_ms'] ?? event['audio_end_ms'] ?? []);
        expect(offsets).toEqual([100, 900, 700, 1_100]);
    });

    it('are found in quiet speech too, with a low vadRms', async () => {
        const faint = Buffer.from(Array.from({ length: 2_400 }, (_, i) => (i % 16 < 8 ? 0xe8 : 0x68)));
        const deaf = await ready({}, vad({ create_response: false }));
        deaf.client.send(append(faint));
        const { client } = await ready({ vadRms: 100 }, vad({ create_response: false }));
        client.send(append(faint));
        expect(await client.next('input_audio_buffer.speech_started')).toMatchObject({ audio_start_ms: 0 });
        expect(deaf.client.types).not.toContain('input_audio_buffer.speech_started');
    });

    it('are answered, or interrupt, by the settings at that moment: create_response at the commit, interrupt_response at the start', async () => {
        const off = { create_response: false, interrupt_response: false };
        const { client, session } = await ready({ speed: 1, response: [{ text: 'all the fees', audioMs: 60_000 }] });
        client.send({ type: 'response.create' });
        await client.next('response.output_audio.delta');
        client.send(pcmuUpdate(vad(off)));
        const updated = part(await client.next('session.updated'), 'session', 'audio', 'input', 'turn_detection');
        expect(updated).toMatchObject({ ...off, silence_duration_ms: 500 });
        client.send(append(loud(300)));
        await client.next('input_audio_buffer.speech_started');
        client.send(append(silence(520)));
        await client.next('input_audio_buffer.committed');
        expect(client.order).not.toContain('response.done');
        client.send(append(loud(300)));
        await client.next('input_audio_buffer.speech_started');
        client.send(pcmuUpdate(vad({ create_response: true, interrupt_response: false })));
        await client.next('session.updated');
        expect(session.activeResponseId).toBeDefined();
        client.send({ type: 'response.cancel' });
        await client.next('response.done');
        client.send(append(silence(520)));
        await client.next('response.created');
    });

    it('start no response without create_response', async () => {
        const { client, session } = await ready({}, vad({ create_response: false }));
        session.speechStarted();
        session.speechStopped();
        await client.next('input_audio_buffer.committed');
        client.send({ type: 'input_audio_buffer.clear' });
        await client.next('input_audio_buffer.cleared');
        expect(client.types).not.toContain('response.created');
    });

    it('interrupt the active response: late deltas, its ends, then response.done', async () => {
        const { client, session } = await ready({
            speed: 1,
            lateDeltas: 2,
            response: [{ text: 'all the fees', audioMs: 60_000 }],
        });
        client.send({ type: 'response.create' });
        await client.next('response.output_audio.delta');
        const [item] = session.items;
        session.speechStarted();
        const done = part(await client.next('response.done'), 'response');
        expect(done).toMatchObject({
            status: 'cancelled',
            status_details: { type: 'cancelled', reason: 'turn_detected' },
        });
        const after = client.order.slice(client.order.indexOf('input_audio_buffer.speech_started'));
        expect(after.filter((type) => type !== 'response.output_audio_transcript.delta')).toEqual([
            'input_audio_buffer.speech_started',
            'response.output_audio.delta',
            'response.output_audio.delta',
            'response.output_audio.done',
            'response.output_audio_transcript.done',
            'response.content_part.done',
            'conversation.item.done',
            'response.output_item.done',
            'response.done',
        ]);
        expect(item?.sentBytes).toBe(3 * 200 * 8);
    });

    it('leave the interrupted response its last 5 ms, in which a truncation may come', async () => {
        const clock = new FakeClock();
        const fake = await bench.fake({ ...INSTANT, clock, interruptMs: 5, speed: 1, response: [{ audioMs: 60_000 }] });
        const client = bench.client(fake);
        const session = await fake.nextSession();
        clock.advance(0);
        await client.next('session.created');
        client.send({ type: 'response.create' });
        await client.next('response.output_audio.delta');
        session.speechStarted();
        const item_id = session.items[0]?.itemId ?? '';
        client.send({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 120 });
        await client.next('conversation.item.truncated');
        expect(session.activeResponseId).toBeDefined();
        clock.advance(5);
        const done = part(await client.next('response.done'), 'response');
        expect(done['output']).toMatchObject([{ status: 'incomplete', content: [{ type: 'output_audio' }] }]);
        expect(JSON.stringify(done['output'])).not.toContain('transcript');
        expect(fake.faults).toEqual([]);
    });

    it('touch nothing when the response is over', async () => {
        const { fake, client, session } = await ready();
        client.send({ type: 'response.create' });
        await client.next('response.done');
        session.speechStarted();
        await client.next('input_audio_buffer.speech_started');
        const item_id = session.items[0]?.itemId ?? '';
        client.send({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 1_340 });
        expect(await client.next('conversation.item.truncated')).toMatchObject({ item_id, audio_end_ms: 1_340 });
        expect(session.truncations).toMatchObject([{ audio_end_ms: 1_340 }]);
        expect(client.types.filter((type) => type === 'response.done')).toHaveLength(1);
        expect(fake.faults).toEqual([]);
    });

    it('go on through an update of the settings, and begin anew when the format changes', async () => {
        const { client, session } = await ready();
        session.speechStarted();
        client.send(pcmuUpdate(vad({ interrupt_response: false })));
        await client.next('session.updated');
        session.speechStopped();
        await client.next('input_audio_buffer.committed');
        session.speechStarted();
        client.send(pcmuUpdate({ ...vad(), format: { type: 'audio/pcma' } }));
        await client.next('session.updated');
        session.speechStopped();
        expect(client.types.filter((type) => type === 'input_audio_buffer.committed')).toHaveLength(1);
    });

    it('do not interrupt without interrupt_response; the turn is then refused a response, which is no fault', async () => {
        const { fake, client, session } = await ready({ firstDeltaMs: 60_000 }, vad({ interrupt_response: false }));
        client.send({ type: 'response.create' });
        await client.next('response.created');
        session.speechStarted();
        session.speechStopped();
        expect(await client.nextError()).toMatchObject({
            code: 'conversation_already_has_active_response',
            event_id: null,
        });
        expect(session.activeResponseId).toBeDefined();
        expect(fake.faults).toEqual([]);
    });

    it('are committed by hand, 100 ms at least, and answered on request only', async () => {
        const { fake, client, session } = await ready({}, { turn_detection: null });
        client.send(append(loud(60)));
        client.send({ type: 'input_audio_buffer.commit', event_id: 'cm_1' });
        const error = await client.nextError();
        expect(error).toMatchObject({ code: 'input_audio_buffer_commit_empty', event_id: 'cm_1' });
        expect(error['message']).toContain('60.00ms');
        client.send(append(loud(100)));
        client.send({ type: 'input_audio_buffer.commit' });
        await client.next('input_audio_buffer.committed');
        await client.next('conversation.item.done');
        expect(client.types).not.toContain('input_audio_buffer.speech_started');
        client.send({ type: 'input_audio_buffer.clear' });
        await client.next('input_audio_buffer.cleared');
        expect(client.types).not.toContain('response.created');
        client.send({ type: 'response.create' });
        await client.next('response.done');
        const itemId = session.conversation[0]?.id;
        client.send({ type: 'conversation.item.retrieve', item_id: itemId });
        const retrieved = await client.next('conversation.item.retrieved');
        expect(retrieved['item']).toMatchObject({
            content: [{ audio: loud(160).toString('base64').slice(0, -1) + '=' }],
        });
        expect(fake.faults).toMatchObject([{ benign: true }]);
    });

    it('committed by hand in the middle of speech end without speech_stopped or response; what is still said is the next turn', async () => {
        const { client, session } = await ready();
        client.send(append(silence(400)));
        client.send(append(loud(300)));
        const first = await client.next('input_audio_buffer.speech_started');
        client.send({ type: 'input_audio_buffer.commit' });
        expect(await client.next('input_audio_buffer.committed')).toMatchObject({ item_id: first['item_id'] });
        client.send(append(loud(200)));
        const second = await client.next('input_audio_buffer.speech_started');
        expect(second['item_id']).not.toBe(first['item_id']);
        expect(client.types).not.toContain('input_audio_buffer.speech_stopped');
        client.send(append(silence(520)));
        expect(await client.next('input_audio_buffer.committed')).toMatchObject({
            previous_item_id: first['item_id'],
            item_id: second['item_id'],
        });
        await client.next('response.done');
        expect(client.types.filter((type) => type === 'response.created')).toHaveLength(1);
        expect(session.faults).toEqual([]);
    });

    it('a silent caller sets off the idle timer once the response would have been played', async () => {
        const clock = new FakeClock();
        const fake = await bench.fake({ ...INSTANT, clock, response: [{ text: 'Hi', audioMs: 2_000 }] });
        const client = bench.client(fake);
        const session = await fake.nextSession();
        clock.advance(0);
        await client.next('session.created');
        client.send(pcmuUpdate(vad({ idle_timeout_ms: 6_000 })));
        client.send(append(silence(7_000)));
        client.send({ type: 'response.create' });
        await session.waitFor('response.create');
        clock.advance(7_999);
        expect(session.sent.some(({ type }) => type === 'input_audio_buffer.timeout_triggered')).toBe(false);
        clock.advance(1);
        const timeout = await client.next('input_audio_buffer.timeout_triggered');
        expect(timeout).toMatchObject({ audio_start_ms: 1_000, audio_end_ms: 7_000 });
        const from = client.order.indexOf('input_audio_buffer.timeout_triggered');
        await client.next('response.done');
        await client.next('response.done');
        expect(client.order.slice(from, from + 5)).toEqual(['input_audio_buffer.timeout_triggered', ...TURN.slice(2)]);
    });
});

describe("the caller's transcript", () => {
    const transcription = { ...vad(), transcription: { model: 'gpt-transcribe' } };
    const COMPLETED = 'conversation.item.input_audio_transcription.completed';

    async function oneTurn(when: 'early' | 'during' | 'late') {
        const clock = new FakeClock();
        const callerTranscript = { when, texts: ['Until when are you open?'] };
        const fake = await bench.fake({ clock, callerTranscript, response: [{ text: 'Until six.', audioMs: 2_000 }] });
        const client = bench.client(fake);
        const session = await fake.nextSession();
        clock.advance(5);
        await client.next('session.created');
        client.send(pcmuUpdate(transcription));
        await session.waitFor('session.update');
        session.speechStarted();
        session.speechStopped();
        clock.advance(5_000);
        expect(session.sent.find(({ type }) => type === COMPLETED)?.event).toMatchObject({
            item_id: session.conversation[0]?.id,
            transcript: 'Until when are you open?',
        });
        const types = session.sent.map(({ type }) => type);
        return [COMPLETED, 'response.created', 'response.done']
            .map((type) => ({ type, at: types.indexOf(type) }))
            .sort((a, b) => a.at - b.at)
            .map(({ type }) => type);
    }

    it('comes before the response, during it, or after it', async () => {
        expect(await oneTurn('early')).toEqual([COMPLETED, 'response.created', 'response.done']);
        expect(await oneTurn('during')).toEqual(['response.created', COMPLETED, 'response.done']);
        expect(await oneTurn('late')).toEqual(['response.created', 'response.done', COMPLETED]);
    });

    it('is what the test says of the committed stretch: where speech began, or the last commit, to the commit', async () => {
        const heard: CommittedAudio[] = [];
        const texts = (audio: CommittedAudio) => {
            heard.push(audio);
            return heard.length === 1 ? '' : `turn ${heard.length}`;
        };
        const { client } = await ready({ callerTranscript: { texts } }, transcription);
        for (const bytes of [silence(1_000), loud(400), silence(100)]) client.send(append(bytes));
        client.send({ type: 'input_audio_buffer.commit' });
        expect(await client.next(COMPLETED)).toMatchObject({ transcript: '' });
        for (const bytes of [silence(100), loud(400), silence(500)]) client.send(append(bytes));
        expect(await client.next(COMPLETED)).toMatchObject({ transcript: 'turn 2' });
        expect(heard).toEqual([
            { sessionIndex: 0, fromMs: 700, toMs: 1_500 },
            { sessionIndex: 0, fromMs: 1_500, toMs: 2_500 },
        ]);
    });

    it('fails, and the turn goes on', async () => {
        const { client, session } = await ready({ callerTranscript: { when: 'failed' } }, transcription);
        session.speechStarted();
        session.speechStopped();
        const failed = await client.next('conversation.item.input_audio_transcription.failed');
        expect(failed).toMatchObject({ content_index: 0, error: { code: 'audio_unintelligible' } });
        await client.next('response.done');
    });

    it('is not made when the session did not ask for it', async () => {
        const { client, session } = await ready({ callerTranscript: { when: 'early' } });
        session.speechStarted();
        session.speechStopped();
        await client.next('response.done');
        expect(client.types).not.toContain(COMPLETED);
    });
});
