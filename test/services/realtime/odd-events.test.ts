import { READ_EVENT_TYPES } from '../../../src/services/realtime/events';
import { Bench } from './bench';
import {
    createdEvent,
    deltaEvent,
    doneEvent,
    fakeSockets,
    makeConfig,
    speechEvent,
    USAGE,
    type FakeSocket,
} from './support';
import { OpenAIRealtimeService } from '../../../src/services/openai-realtime-service';
import { CallerAudioBuffer } from '../../../src/audio/caller-audio-buffer';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';

/** What may stand in a field instead of its value. */
const ODD_VALUES: readonly unknown[] = [undefined, null, 7, 'x', [], {}];

type Event = Record<string, unknown>;

const PLACE = { response_id: 'resp_1', item_id: 'item_1', output_index: 0, content_index: 0 };
const MESSAGE = {
    id: 'item_1',
    object: 'realtime.item',
    type: 'message',
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_audio', transcript: 'One moment.', text: 'One moment.' }],
};
const CALL = {
    id: 'item_2',
    type: 'function_call',
    status: 'completed',
    name: 'f',
    call_id: 'call_1',
    arguments: '{}',
};
const MCP = { id: 'item_3', type: 'mcp_call', server_label: 'crm', name: 'look', arguments: '{}', error: null };
const FORMAT = { type: 'audio/pcmu', rate: 24_000 };
const SESSION = {
    id: 'sess_1',
    expires_at: 4_000_000_000,
    audio: { input: { format: FORMAT }, output: { format: FORMAT } },
};
const REFUSAL = {
    type: 'invalid_request_error',
    code: 'unknown_parameter',
    message: "Unknown parameter: 'session.audio.input.noise_reduction'.",
    param: 'session.audio.input.noise_reduction',
    event_id: 'e_1',
};

/** One whole event of each kind that is read. */
const EVENTS: readonly Event[] = [
    { type: 'response.output_audio.delta', ...PLACE, delta: 'AAAA' },
    { type: 'response.output_audio.done', ...PLACE },
    { type: 'response.output_audio_transcript.delta', ...PLACE, delta: 'One' },
    { type: 'response.output_audio_transcript.done', ...PLACE, transcript: 'One moment.' },
    { type: 'response.output_text.delta', ...PLACE, delta: 'One' },
    { type: 'session.created', session: SESSION },
    { type: 'session.updated', session: SESSION },
    { type: 'input_audio_buffer.speech_started', item_id: 'u_2', audio_start_ms: 10 },
    { type: 'input_audio_buffer.speech_stopped', item_id: 'u_2', audio_end_ms: 20 },
    { type: 'input_audio_buffer.committed', item_id: 'u_2' },
    { type: 'input_audio_buffer.timeout_triggered', item_id: 'u_2' },
    { type: 'response.created', response: { id: 'resp_2', metadata: { client_event_id: 'e_2' } } },
    {
        type: 'response.done',
        response: {
            id: 'resp_1',
            status: 'completed',
            status_details: { type: 'completed', reason: 'stop', error: { type: 't', code: 'c', message: 'm' } },
            output: [MESSAGE, CALL, MCP],
            usage: USAGE,
        },
    },
    { type: 'response.output_item.added', response_id: 'resp_1', output_index: 0, item: MESSAGE },
    { type: 'response.output_item.done', response_id: 'resp_1', output_index: 1, item: CALL },
    { type: 'conversation.item.added', previous_item_id: 'u_1', item: MESSAGE },
    { type: 'response.mcp_call.completed', item_id: 'item_3', output_index: 2 },
    { type: 'response.mcp_call.failed', item_id: 'item_3', output_index: 2 },
    { type: 'mcp_list_tools.completed', item_id: 'item_4' },
    { type: 'mcp_list_tools.failed', item_id: 'item_4' },
    {
        type: 'conversation.item.input_audio_transcription.completed',
        item_id: 'u_1',
        content_index: 0,
        transcript: 'Hello.',
        usage: { type: 'tokens', total_tokens: 3, input_token_details: { audio_tokens: 2 }, seconds: 1 },
    },
    { type: 'conversation.item.input_audio_transcription.failed', item_id: 'u_1', error: { code: 'c' } },
    { type: 'error', error: { ...REFUSAL, code: 'item_truncate_invalid_item_id', param: null } },
];

type Path = readonly (string | number)[];

function pathsOf(value: unknown, at: Path = []): Path[] {
    if (typeof value !== 'object' || value === null) return [at];
    const below = Object.entries(value).flatMap(([name, part]) =>
        pathsOf(part, [...at, Array.isArray(value) ? Number(name) : name]),
    );
    return at.length === 0 ? below : [at, ...below];
}

/** A copy of `event` with `value` at `path`; undefined: without that field. */
function withOdd(event: Event, path: Path, value: unknown): Event {
    const copy = structuredClone(event);
    let holder: unknown = copy;
    for (const step of path.slice(0, -1)) holder = Reflect.get(Object(holder), step);
    Reflect.set(Object(holder), path.at(-1) ?? '', value);
    return copy;
}

function oddOnesOf(event: Event): { odd: Event; what: string }[] {
    return pathsOf(event).flatMap((path) =>
        ODD_VALUES.map((value) => ({
            odd: withOdd(event, path, value),
            what: `${path.join('.')} = ${value === undefined ? 'missing' : JSON.stringify(value)}`,
        })),
    );
}

it('the test has one event of every kind that is read', () => {
    expect(EVENTS.map(({ type }) => type).sort()).toEqual([...READ_EVENT_TYPES].sort());
});

describe('an event of OpenAI with an odd field', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    it.each(EVENTS.map((event) => [String(event['type']), event]))(
        '%s never ends the session in mid-call, and the next answer is heard',
        async (_type, event) => {
            for (const { odd, what } of oddOnesOf(event)) {
                const { made, socket, sockets } = await bench.byHand();
                socket.serve(speechEvent('started'));
                socket.serve(speechEvent('stopped'));
                socket.serve(createdEvent('resp_1'));
                socket.serve(deltaEvent('resp_1', 'item_1', new Uint8Array(80)));
                socket.serve(odd);
                socket.serve(doneEvent('resp_1'));
                const before = made.pcmu.length;
                socket.serve(createdEvent('resp_9'));
                socket.serve(deltaEvent('resp_9', 'item_9', new Uint8Array(80)));
                expect({ what, ended: made.ended, sockets: sockets.length, heard: made.pcmu.length - before }).toEqual({
                    what,
                    ended: [],
                    sockets: 1,
                    heard: 80,
                });
                expect(made.log.lines.filter(({ fields }) => fields['code'] === 'ERR_INTERNAL')).toEqual([]);
                made.bot.end();
            }
        },
    );

    it('is counted by name where it cannot be used', async () => {
        const { made, socket } = await bench.byHand();
        socket.serve({ type: 'response.done', response: null });
        socket.serve({ type: 'error', error: [] });
        socket.serve({ type: 7 });
        made.bot.end();
        expect(made.log.lines.at(-1)?.fields['ignored']).toEqual([
            { 'odd response.done': 1, 'odd error': 1, 'no-type': 1 },
        ]);
    });
});

describe('an odd event before the session is ready', () => {
    /** Formats that are named, and are none that can be read, are a refusal and no oddity. */
    const NAMED_FORMAT = /format\.type = "x"/;

    function starting() {
        const { createSocket, last } = fakeSockets();
        const deps = { clock: new FakeClock(), logger: new LogRecorder(), callerAudio: new CallerAudioBuffer() };
        const service = new OpenAIRealtimeService(makeConfig({ noiseReduction: 'near_field' }), {
            ...deps,
            createSocket,
        });
        const connected = service.connect().then(
            () => 'ready',
            (error: unknown) => String(error),
        );
        last().emit('open');
        return { service, socket: last(), connected };
    }

    function acknowledge(socket: FakeSocket): void {
        socket.serve({ type: 'session.updated', session: SESSION });
    }

    it('session.created with an odd field is configured all the same', async () => {
        for (const { odd, what } of oddOnesOf({ type: 'session.created', session: SESSION })) {
            if (what.startsWith('type')) continue;
            const { service, socket, connected } = starting();
            socket.serve(odd);
            acknowledge(socket);
            expect([what, await connected]).toEqual([what, 'ready']);
            service.close();
        }
    });

    it('session.updated without a session, or with odd formats, keeps the formats that were asked for', async () => {
        for (const { odd, what } of oddOnesOf({ type: 'session.updated', session: SESSION })) {
            if (what.startsWith('type') || NAMED_FORMAT.test(what)) continue;
            const { service, socket, connected } = starting();
            socket.serve({ type: 'session.created', session: SESSION });
            socket.serve(odd);
            expect([what, await connected, service.formats]).toEqual([
                what,
                'ready',
                { input: 'pcmu', output: 'pcmu' },
            ]);
            service.close();
        }
    });

    it('session.updated with `session: null` does not cost the call its model, and is counted', async () => {
        const { service, socket, connected } = starting();
        socket.serve({ type: 'session.created', session: SESSION });
        socket.serve({ type: 'session.updated', session: null });
        expect(await connected).toBe('ready');
        expect(service.counters.ignored).toEqual({ 'odd session.updated': 1 });
        service.close();
    });

    it('an error that says nothing refuses nothing', async () => {
        const { service, socket, connected } = starting();
        socket.serve({ type: 'session.created', session: SESSION });
        for (const error of [undefined, null, 7, 'x', [], {}, { code: 7, message: null }])
            socket.serve({ type: 'error', error });
        acknowledge(socket);
        expect(await connected).toBe('ready');
        expect(service.counters.ignored).toEqual({ 'odd error': 7 });
        service.close();
    });

    it('a format that is named and cannot be read is still refused', async () => {
        const { socket, connected } = starting();
        socket.serve({ type: 'session.created', session: SESSION });
        const odd = { ...SESSION, audio: { input: { format: { type: 'audio/opus' } }, output: { format: FORMAT } } };
        socket.serve({ type: 'session.updated', session: odd });
        expect(await connected).toContain('an audio format that cannot be played');
    });
});
