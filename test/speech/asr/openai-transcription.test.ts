import { decodeWav } from '../../../src/audio/wav';
import { tonePcmu } from '../../../src/audio/tone';
import { OpenAITranscription } from '../../../src/speech/asr/openai-transcription';
import { rmsOf } from '../../audio/signals';
import { FakeClock } from '../../support/fake-clock';
import { STAND_IN_KEY, TranscriptionStandIn } from './transcription-stand-in';

const UTTERANCE = tonePcmu(440, 500);
const MODEL = 'gpt-4o-mini-transcribe';

describe('OpenAI’s transcription', () => {
    let standIn: TranscriptionStandIn;
    let baseURL: string;
    let clock: FakeClock;
    let engine: OpenAITranscription;

    beforeEach(async () => {
        standIn = new TranscriptionStandIn();
        baseURL = await standIn.start();
        clock = new FakeClock();
        use({});
    });
    afterEach(async () => {
        await engine.close();
        await standIn.stop();
    });

    function use(changes: { apiKey?: string; model?: string; minConfidence?: number }): void {
        engine = new OpenAITranscription({ apiKey: STAND_IN_KEY, baseURL, model: MODEL, ...changes }, { clock });
    }

    function answers(body: unknown, status = 200): void {
        standIn.answer = () => ({ status, body });
    }

    function coded(code: string): unknown {
        return expect.objectContaining({ code });
    }

    it('sends one utterance as a WAV file of 16 kHz, and gives back its words', async () => {
        answers({ text: ' I would like to pay. ', logprobs: [{ logprob: -0.1 }, { logprob: -0.3 }] });
        const recognition = await engine.recognize(UTTERANCE, { language: 'en-US', phrases: ['billing'] });
        expect(recognition).toEqual({ text: 'I would like to pay.', confidence: Math.exp(-0.2) });
        const [request] = standIn.requests;
        const wav = decodeWav(request?.file ?? new Uint8Array(0));
        expect(wav).toMatchObject({ rateHz: 16_000, channels: 1, encoding: 'pcm16' });
        expect(wav.samples).toHaveLength(2 * UTTERANCE.length);
        expect(rmsOf(wav.samples)).toBeGreaterThan(5000);
        expect(request?.fileName).toBe('utterance.wav');
        expect(request?.fields).toEqual({
            model: [MODEL],
            language: ['en'],
            response_format: ['json'],
            include: ['logprobs'],
        });
    });

    it('names a language by the first part of its tag, two letters or three', async () => {
        answers({ text: 'Kumusta.' });
        await engine.recognize(UTTERANCE, { language: 'fil-PH' });
        expect(standIn.requests[0]?.fields).toMatchObject({ language: ['fil'] });
    });

    it('does not pass on what the model itself doubts', async () => {
        answers({ text: 'Thank you.', logprobs: [{ logprob: -1.2 }, { logprob: -0.9 }] });
        expect(await engine.recognize(UTTERANCE)).toBeUndefined();
        use({ minConfidence: 0.2 });
        expect(await engine.recognize(UTTERANCE)).toMatchObject({ text: 'Thank you.' });
    });

    it.each(['', '  ', '.', '…'])('takes %j for no words', async (text) => {
        answers({ text });
        expect(await engine.recognize(UTTERANCE)).toBeUndefined();
    });

    it('asks whisper-1 in its own way, and believes it when it finds no speech', async () => {
        use({ model: 'whisper-1' });
        answers({ text: 'Pay', segments: [{ avg_logprob: -0.25, no_speech_prob: 0.1 }] });
        expect(await engine.recognize(UTTERANCE)).toEqual({ text: 'Pay', confidence: Math.exp(-0.25) });
        expect(standIn.requests[0]?.fields['response_format']).toEqual(['verbose_json']);
        answers({ text: 'Thanks for watching!', segments: [{ avg_logprob: -0.25, no_speech_prob: 0.9 }] });
        expect(await engine.recognize(UTTERANCE)).toBeUndefined();
    });

    it('takes a model that tells no confidence at its word', async () => {
        use({ model: 'gpt-transcribe' });
        answers({ text: 'Pay' });
        expect(await engine.recognize(UTTERANCE)).toEqual({ text: 'Pay' });
        expect(standIn.requests[0]?.fields).toEqual({ model: ['gpt-transcribe'] });
    });

    it('does not ask about less than a tenth of a second', async () => {
        expect(await engine.recognize(tonePcmu(440, 99))).toBeUndefined();
        expect(standIn.requests).toHaveLength(0);
    });

    it.each([
        [400, 'ERR_ASR_REFUSED'],
        [404, 'ERR_ASR_REFUSED'],
        [429, 'ERR_ASR_UNAVAILABLE'],
        [500, 'ERR_ASR_UNAVAILABLE'],
    ])('turns status %i into %s, asks once, and does not repeat what the service said', async (status, code) => {
        answers({ error: { message: 'key sk-secret' } }, status);
        const fault: unknown = await engine.recognize(UTTERANCE).catch((reason: unknown) => reason);
        expect(fault).toEqual(coded(code));
        expect(String(fault)).toContain(String(status));
        expect(String(fault)).not.toContain('secret');
        expect(standIn.requests).toHaveLength(1);
    });

    it('says that a key is refused', async () => {
        use({ apiKey: 'sk-wrong' });
        await expect(engine.recognize(UTTERANCE)).rejects.toEqual(coded('ERR_ASR_REFUSED'));
    });

    it('refuses a response of another shape', async () => {
        answers({ words: 'hello' });
        await expect(engine.recognize(UTTERANCE)).rejects.toEqual(coded('ERR_ASR_UNAVAILABLE'));
    });

    it('says that the service cannot be reached', async () => {
        await standIn.stop();
        await expect(engine.recognize(UTTERANCE)).rejects.toEqual(coded('ERR_ASR_UNAVAILABLE'));
    });

    /** Asks a service that keeps silent; resolves when it has been asked. */
    async function askSilence(signal?: AbortSignal): Promise<{ outcome: Promise<unknown> }> {
        const asked = new Promise<void>((resolve) => {
            standIn.answer = () => {
                resolve();
                return 'silence';
            };
        });
        const outcome = engine.recognize(UTTERANCE, { signal }).catch((reason: unknown) => reason);
        await asked;
        return { outcome };
    }

    it('waits for 8 s, and no longer', async () => {
        const { outcome } = await askSilence();
        clock.advance(7999);
        expect(clock.pendingCount).toBe(1);
        clock.advance(1);
        expect(await outcome).toEqual(coded('ERR_ASR_TIMEOUT'));
        expect(clock.pendingCount).toBe(0);
    });

    it('gives up for a caller who has hung up', async () => {
        const hangUp = new AbortController();
        const { outcome } = await askSilence(hangUp.signal);
        hangUp.abort(new Error('hung up'));
        expect(await outcome).toEqual(new Error('hung up'));
        expect(clock.pendingCount).toBe(0);
    });

    it('ends what it does when it is closed', async () => {
        const { outcome } = await askSilence();
        await engine.close();
        expect(await outcome).toEqual(coded('ERR_ASR_CLOSED'));
        await expect(engine.recognize(UTTERANCE)).rejects.toEqual(coded('ERR_ASR_CLOSED'));
        expect(clock.pendingCount).toBe(0);
    });
});
