import { CallerAudioBuffer } from '../../../src/audio/caller-audio-buffer';
import type { OpenAIConfig } from '../../../src/config/config';
import { OpenAIRealtimeService, type RealtimeServiceDeps } from '../../../src/services/openai-realtime-service';
import { RefusedFields } from '../../../src/services/realtime/optional-fields';
import { systemClock } from '../../../src/support/clock';
import { INSTANT, startFakeOpenAI, type FakeOpenAI } from '../../../tools/fake-openai/index';
import { LogRecorder } from '../../support/log-recorder';
import { configFor, until } from './support';

/** Every optional field is set. */
const EVERYTHING: Partial<OpenAIConfig> = {
    noiseReduction: 'near_field',
    noiseReductionStrength: 0.5,
    transcription: { model: 'gpt-transcribe', languages: ['en', 'de'], keywords: ['Example'], prompt: 'A bank.' },
    turnDetection: {
        type: 'server_vad',
        threshold: 0.5,
        prefixPaddingMs: 300,
        silenceDurationMs: 500,
        idleTimeoutMs: 8000,
    },
    reasoningEffort: 'low',
    truncation: { retentionRatio: 0.8, tokensAfterInstructions: 4000 },
    maxOutputTokens: 900,
    tracing: 'auto',
    parallelToolCalls: false,
    toolChoice: 'auto',
};

const TOOLS: NonNullable<RealtimeServiceDeps['tools']> = [
    { type: 'function', name: 'end_call', parameters: { type: 'object' } },
    { type: 'mcp', server_label: 'crm', server_url: 'https://mcp.example.com', require_approval: 'never' },
];

describe('a configuration of which OpenAI refuses a part', () => {
    let fake: FakeOpenAI;
    let log: LogRecorder;
    let refusedFields: RefusedFields;
    const services: OpenAIRealtimeService[] = [];

    beforeEach(async () => {
        log = new LogRecorder();
        refusedFields = new RefusedFields();
        fake = await startFakeOpenAI(INSTANT);
    });

    afterEach(async () => {
        for (const service of services.splice(0)) service.close();
        await fake.close();
        expect(fake.faults).toEqual([]);
    });

    /** Connects; gives `ready` or the code of the error, and the configurations that were sent. */
    async function connect(changes: Partial<OpenAIConfig> = EVERYTHING, memory = refusedFields) {
        const deps = { clock: systemClock, logger: log, callerAudio: new CallerAudioBuffer(), tools: TOOLS };
        const service = new OpenAIRealtimeService(configFor(fake, changes), { ...deps, refusedFields: memory });
        services.push(service);
        const outcome = await service.connect().then(
            () => 'ready',
            (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
        );
        const session = await fake.nextSession();
        const updates = session.updates.map((update) => update.session);
        return {
            service,
            session,
            outcome,
            updates,
            has: (n: number, path: string) => partOf(updates[n], path) !== undefined,
        };
    }

    function warned(): unknown[] {
        const lines = log.lines.filter(({ level }) => level === 'warn' || level === 'error');
        return lines.map(({ fields }) => [fields['code'], fields['field'], fields['apiCode']]);
    }

    const OPTIONAL = [
        'audio.input.noise_reduction.strength',
        'audio.input.noise_reduction',
        'audio.input.transcription.keywords',
        'audio.input.transcription.languages',
        'audio.input.transcription.prompt',
        'audio.input.transcription',
        'audio.input.turn_detection.idle_timeout_ms',
        'audio.output.speed',
        'truncation.token_limits',
        'truncation',
        'reasoning',
        'tracing',
        'parallel_tool_calls',
        'tool_choice',
        'max_output_tokens',
    ];

    it.each(OPTIONAL)('%s is left out of a second update, and the call keeps its model', async (field) => {
        fake.plan({ refuseFields: [`session.${field}`] });
        const { outcome, updates, has } = await connect();
        expect(outcome).toBe('ready');
        expect(updates).toHaveLength(2);
        expect([has(0, field), has(1, field)]).toEqual([true, false]);
        for (const other of OPTIONAL)
            if (!other.startsWith(field)) expect([other, has(1, other)]).toEqual([other, true]);
        expect(warned()).toEqual([['ERR_OPENAI_FIELD_REFUSED', field, 'unknown_parameter']]);
    });

    it('several fields are left out one after the other, each once', async () => {
        fake.plan({ refuseFields: ['session.reasoning', 'session.audio.input.noise_reduction', 'session.tracing'] });
        const { outcome, updates, has } = await connect();
        expect(outcome).toBe('ready');
        expect(updates).toHaveLength(4);
        expect(['reasoning', 'audio.input.noise_reduction', 'tracing'].map((path) => has(3, path))).toEqual([
            false,
            false,
            false,
        ]);
    });

    it('an MCP server is left out, and the functions stay', async () => {
        fake.plan({ refuseFields: ['session.tools[1].server_url'] });
        const { outcome, updates } = await connect();
        expect(outcome).toBe('ready');
        expect(partOf(updates[1], 'tools')).toEqual([TOOLS[0]]);
        expect(warned()).toEqual([['ERR_OPENAI_FIELD_REFUSED', 'tools.crm', 'unknown_parameter']]);
    });

    it('later calls do not pay: the field is remembered for the service, and said once', async () => {
        fake.plan({ refuseFields: ['session.audio.input.noise_reduction'] }, 'every');
        await connect();
        const later = await connect();
        expect(later.outcome).toBe('ready');
        expect(later.updates).toHaveLength(1);
        expect(warned()).toHaveLength(1);
    });

    it('another service is asked for the field again', async () => {
        fake.plan({ refuseFields: ['session.audio.input.noise_reduction'] });
        await connect();
        const { url } = configFor(fake);
        const other = await connect({ ...EVERYTHING, url: `${url}&at=another` });
        expect(other.updates).toHaveLength(1);
        expect(other.has(0, 'audio.input.noise_reduction')).toBe(true);
    });

    it('a value that is refused is no refusal of the field: another value is sent', async () => {
        const updateFault = {
            type: 'invalid_request_error',
            code: 'invalid_value',
            message: "Invalid value: 'whisper-1'.",
            param: 'session.audio.input.transcription.model',
        };
        fake.plan({ refuseUpdates: 1, updateFault });
        const wrong = { transcription: { model: 'whisper-1' } };
        expect((await connect(wrong)).updates).toHaveLength(2);
        expect((await connect(wrong)).has(0, 'audio.input.transcription')).toBe(false);
        expect((await connect({})).has(0, 'audio.input.transcription')).toBe(true);
    });

    it('a field that is named by the words alone is found', async () => {
        const message = "'reasoning' is not supported by this model.";
        const updateFault = { type: 'invalid_request_error', code: 'invalid_value', message, param: null };
        fake.plan({ refuseUpdates: 1, updateFault });
        const { outcome, has } = await connect();
        expect(outcome).toBe('ready');
        expect([has(1, 'reasoning'), has(1, 'truncation')]).toEqual([false, true]);
    });

    it('a refusal that names no field is tried once without all optional ones', async () => {
        const updateFault = { type: 'invalid_request_error', code: 'invalid_value', message: 'No.', param: null };
        fake.plan({ refuseUpdates: 1, updateFault });
        const { outcome, updates, has } = await connect();
        expect([outcome, updates.length]).toEqual(['ready', 2]);
        expect(OPTIONAL.filter((path) => has(1, path))).toEqual([]);
        expect(has(1, 'audio.output.voice')).toBe(true);
    });

    it('a refusal that names no field costs another bot nothing where an essential field was the cause', async () => {
        const updateFault = { type: 'invalid_request_error', code: 'invalid_value', message: 'No.', param: null };
        fake.plan({ refuseUpdates: 2, updateFault });
        expect((await connect()).outcome).toBe('ERR_OPENAI_REFUSED_UPDATE');
        expect(JSON.stringify(warned())).not.toContain('ERR_OPENAI_FIELD_REFUSED');
        const { outcome, updates, has } = await connect();
        expect([outcome, updates.length]).toEqual(['ready', 1]);
        expect(OPTIONAL.filter((path) => !has(0, path))).toEqual([]);
    });

    it('a refusal of an essential field stays final', async () => {
        fake.plan({ refuseFields: ['session.audio.output.voice'] });
        const { outcome, updates } = await connect();
        expect([outcome, updates.length]).toEqual(['ERR_OPENAI_REFUSED_UPDATE', 1]);
        expect(warned()).toEqual([]);
    });

    it.each(['session.tools[0].parameters.properties.language', 'session.instructions', 'session.type', 'audio'])(
        '%s is essential',
        async (param) => {
            const updateFault = { type: 'invalid_request_error', code: 'invalid_value', message: 'No.', param };
            fake.plan({ refuseUpdates: 1, updateFault });
            expect((await connect()).outcome).toBe('ERR_OPENAI_REFUSED_UPDATE');
        },
    );

    it('a field that is refused again after it was left out is final', async () => {
        const param = 'session.reasoning.effort';
        const updateFault = { type: 'invalid_request_error', code: 'invalid_value', message: 'No.', param };
        fake.plan({ refuseUpdates: 9, updateFault });
        const { outcome, updates } = await connect();
        expect([outcome, updates.length]).toEqual(['ERR_OPENAI_REFUSED_UPDATE', 2]);
    });

    it('two calls that are refused at the same time both go on, and it is said once', async () => {
        fake.plan({ refuseFields: ['session.reasoning'] }, 'every');
        const both = await Promise.all([connect(), connect()]);
        expect(both.map(({ outcome }) => outcome)).toEqual(['ready', 'ready']);
        expect(warned()).toHaveLength(1);
    });

    it('without the transcription the words of the caller are not waited for', async () => {
        fake.plan({ refuseFields: ['session.audio.input.transcription'] });
        const { service } = await connect();
        expect(service.settings.transcribes).toBe(false);
        expect((await connect({}, new RefusedFields())).service.settings.transcribes).toBe(true);
    });

    it('a later update of the same session leaves the field out, and tracing, which cannot change', async () => {
        fake.plan({ refuseFields: ['session.reasoning'] });
        const { service, session } = await connect();
        service.setInterruptible(false);
        await until(() => session.updates.length === 3, 'the later update');
        const last = session.updates.at(-1)?.session;
        expect([partOf(last, 'reasoning'), partOf(last, 'tracing')]).toEqual([undefined, undefined]);
        expect(partOf(last, 'truncation')).toBeDefined();
    });
});

function partOf(holder: unknown, path: string): unknown {
    return path
        .split('.')
        .reduce<unknown>(
            (part, name) => (typeof part === 'object' && part !== null ? Reflect.get(part, name) : undefined),
            holder,
        );
}
