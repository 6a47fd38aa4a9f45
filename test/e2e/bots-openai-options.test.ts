import { createHmac } from 'node:crypto';
import { expectedPcmu } from '../../tools/fake-openai';
import type { Caller } from '../../tools/caller/client';
import { until } from '../support/test-bench';
import { BotsBench, received } from './bots-bench';

const ANSWER = { response: () => ({ text: 'Hello.', audioMs: 400 }) };
const SALT = 'a-salt-of-this-server';

async function hearsTheModel(caller: Caller): Promise<void> {
    await until('the greeting is there', () => received(caller).length >= 3200);
    expect(received(caller).equals(expectedPcmu(1, 400))).toBe(true);
}

/** The configuration of a session, and not only who takes the caller's turns. */
function isWhole({ session }: { session: object }): boolean {
    return 'instructions' in session;
}

describe('options of OpenAI’s session in a whole call', () => {
    let bench: BotsBench;

    afterEach(() => bench.stop());

    async function start(env: Record<string, string>, profile: object = {}): Promise<void> {
        bench = await BotsBench.start({ openai: ANSWER, env, profiles: { desk: profile } });
    }

    it('an option that the service refuses does not cost the calls their model, and only the first one pays for it', async () => {
        await start({ OPENAI_NOISE_REDUCTION: 'near_field', OPENAI_REASONING_EFFORT: 'low', LOG_LEVEL: 'warn' });
        bench.fake.plan({ refuseFields: ['session.audio.input.noise_reduction', 'session.reasoning'] }, 'every');
        await hearsTheModel(await bench.call('/desk'));
        await hearsTheModel(await bench.call('/desk'));
        expect(bench.fake.sessions.map(({ updates }) => updates.filter(isWhole).length)).toEqual([3, 1]);
        const codes = bench.logs.lines.map(({ fields }) => [fields['code'], fields['field']]);
        expect(codes.filter(([code]) => code === 'ERR_OPENAI_FIELD_REFUSED')).toEqual([
            ['ERR_OPENAI_FIELD_REFUSED', 'audio.input.noise_reduction'],
            ['ERR_OPENAI_FIELD_REFUSED', 'reasoning'],
        ]);
        expect(codes.map(([code]) => code)).not.toContain('ERR_FALLBACK_STEP');
    });

    it('OpenAI is told a hash of the caller and never the number', async () => {
        await start({ OPENAI_SAFETY_SALT: SALT });
        await hearsTheModel(await bench.call('/desk', { participant: { ani: 'tel:+13175551234' } }));
        const [headers] = bench.fake.connections.map((connection) => connection.headers);
        const hash = createHmac('sha256', SALT).update('caller +13175551234').digest('hex');
        expect(headers?.['openai-safety-identifier']).toBe(hash);
        expect(JSON.stringify(bench.fake.sessions[0]?.frames)).not.toContain('3175551234');
        expect(bench.logs.text).not.toContain('3175551234');
    });

    it('a profile’s options reach the service, and its schema takes them', async () => {
        const realtime = {
            transcription: { languages: ['en', 'es'], keywords: ['IBAN'], prompt: 'Bills.' },
            noiseReduction: 'far_field',
            noiseReductionStrength: 0.5,
            truncation: { retentionRatio: 0.8, tokensAfterInstructions: 8000 },
            parallelToolCalls: false,
            tracing: { workflowName: 'Bills' },
        };
        await start({}, { realtime });
        const caller = await bench.call('/desk');
        await hearsTheModel(caller);
        const [session] = bench.fake.sessions;
        expect(session?.updates.filter(isWhole)).toHaveLength(1);
        expect(session?.effective).toMatchObject({
            audio: {
                input: {
                    transcription: { languages: ['en', 'es'], keywords: ['IBAN'], prompt: 'Bills.' },
                    noise_reduction: { type: 'far_field', strength: 0.5 },
                },
            },
            truncation: { retention_ratio: 0.8, token_limits: { post_instructions: 8000 } },
            parallel_tool_calls: false,
            tracing: { workflow_name: 'Bills', group_id: expect.stringMatching(/^[\da-f-]{36}$/) as unknown },
        });
    });
});
