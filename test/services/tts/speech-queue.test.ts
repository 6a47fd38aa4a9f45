import { SpeechQueue, type ResponsePart, type StandIn } from '../../../src/services/tts/speech-queue';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';
import { FakeSpeech, settle } from '../../speech/dialog/fakes';

describe('SpeechQueue', () => {
    let clock: FakeClock;
    let speech: FakeSpeech;
    let log: string[];
    let audio: { bytes: number; value: number | undefined; id: string }[];
    let said: string[];
    let ends: unknown[];
    let speaker: SpeechQueue;
    let last: Uint8Array | undefined;
    let onAudio: () => void;
    let onEnded: () => void;

    beforeEach(() => {
        clock = new FakeClock();
        speech = new FakeSpeech();
        log = [];
        audio = [];
        said = [];
        ends = [];
        onAudio = onEnded = () => undefined;
        speaker = new SpeechQueue({
            clock,
            logger: new LogRecorder(),
            speech,
            idPrefix: 'bot',
            port: {
                audio: (pcmu, { responseId, itemId, contentIndex }) => {
                    expect([itemId, contentIndex]).toEqual([responseId, 0]);
                    audio.push({ bytes: pcmu.length, value: pcmu[0], id: responseId });
                    log.push(`audio ${responseId}`);
                    last = pcmu;
                    onAudio();
                },
                responseEnded: (id) => {
                    log.push(`ended ${id}`);
                    onEnded();
                },
                transcript: ({ text, sentences }) => {
                    if (text !== undefined) said.push(text);
                    else ends.push(sentences?.at(-1)?.endMs);
                },
            },
        });
    });

    afterEach(() => {
        speaker.close();
        expect(clock.pendingCount).toBe(0);
    });

    const standIn: StandIn = { pcmu: new Uint8Array(800).fill(0x33), words: 'One moment.' };

    it('says the sentences of a response one after the other under one id, and then ends it once', async () => {
        const spoken = await speaker.say(['One two. Three four!', 'Five.']);
        expect(speech.spoken).toEqual(['One two.', 'Three four!', 'Five.']);
        expect(log).toEqual([...Array<string>(6).fill('audio bot_1'), 'ended bot_1']);
        expect(said).toEqual(['One two.', 'One two. Three four!', 'One two. Three four! Five.']);
        // The fake voice speaks a letter in 10 ms.
        expect(ends).toEqual([80, 190, 240]);
        expect(spoken).toEqual({ itemId: 'bot_1', end: 'complete', text: 'One two. Three four! Five.' });
    });

    it('says no mark of Markdown, and nothing of a tool call', async () => {
        await speaker.say(['**One** [two](https://x.example.com).\n- Three\n- four']);
        expect(speech.spoken).toEqual(['One two.', 'Three', 'four']);
        const spoken = await speaker.say(['{"name": "look_up", "arguments": {"id": "5. Six"}}']);
        expect(spoken).toMatchObject({ end: 'complete', text: '' });
        expect(speech.spoken).toHaveLength(3);
    });

    it('hands over the first sentence before the words of the second have come', async () => {
        let goOn = (): void => undefined;
        async function* words(): AsyncGenerator<ResponsePart> {
            yield 'First.';
            await new Promise<void>((resolve) => (goOn = resolve));
            yield 'Second.';
        }
        const spoken = speaker.say(words());
        await settle();
        expect([said, log.length]).toEqual([['First.'], 2]);
        goOn();
        expect(await spoken).toMatchObject({ end: 'complete', text: 'First. Second.' });
    });

    it('gives the words that are heard, where the voice leaves some out; the transcript has what was written', async () => {
        Object.assign(speech, { wordsOf: (text: string) => text.replace('Мария', '').replace('  ', ' ') });
        const spoken = await speaker.say(['Hello Мария there.', 'Five.']);
        expect(spoken).toMatchObject({ end: 'complete', text: 'Hello there. Five.' });
        expect(said.at(-1)).toBe('Hello Мария there. Five.');
    });

    it('gives up a voice that never speaks, also where it had to end another response just before', async () => {
        Object.assign(speech, {
            speak: async function* (text: string, { signal }: { signal: AbortSignal }): AsyncGenerator<Uint8Array> {
                await new Promise((resolve) => {
                    signal.addEventListener('abort', resolve);
                });
                await settle();
                if (text === 'never') yield new Uint8Array(1);
            },
        });
        const stopped = speaker.say(['One.']);
        await settle();
        speaker.stop();
        expect(await stopped).toMatchObject({ end: 'interrupted' });
        const silent = speaker.say(['Two.']);
        await settle();
        await settle();
        clock.advance(12_000);
        expect(await silent).toMatchObject({ end: 'failed', fault: { code: 'ERR_TTS_TIMEOUT' } });
    });

    it('says one response at a time, in the order in which they were given', async () => {
        const both = [speaker.say(['One.']), speaker.say(['Two.'])];
        expect(speaker.isBusy).toBe(true);
        await Promise.all(both);
        expect(log).toEqual(['audio bot_1', 'audio bot_1', 'ended bot_1', 'audio bot_2', 'audio bot_2', 'ended bot_2']);
        expect(speaker.isBusy).toBe(false);
    });

    it('falls silent in the middle of a piece: nothing more comes of it nor of what waits, and the voice is told', async () => {
        onAudio = () => {
            speaker.stop();
        };
        const first = speaker.say(['One two three. Four.']);
        const second = speaker.say(['Five.']);
        expect(await first).toMatchObject({ end: 'interrupted' });
        expect(await second).toMatchObject({ end: 'interrupted', text: '' });
        await settle();
        expect(log).toEqual(['audio bot_1', 'ended bot_1']);
        expect([speech.spoken, speech.aborted]).toEqual([['One two three.'], ['One two three.']]);
    });

    it('finishes the sentence that the caller hears, and says nothing of the next one nor of what waits', async () => {
        let stopped = false;
        onAudio = () => {
            if (!stopped) speaker.stopAfterSentence();
            stopped = true;
        };
        const first = speaker.say(['One two three. Four.']);
        const second = speaker.say(['Five.']);
        await settle();
        const goodbye = speaker.say(['Goodbye.']);
        expect(await first).toEqual({ itemId: 'bot_1', end: 'interrupted', text: 'One two three.' });
        expect(await second).toMatchObject({ end: 'interrupted', text: '' });
        expect(await goodbye).toMatchObject({ end: 'complete' });
        expect(log).toEqual(['audio bot_1', 'audio bot_1', 'ended bot_1', 'audio bot_3', 'audio bot_3', 'ended bot_3']);
        expect(speech.spoken).toEqual(['One two three.', 'Goodbye.']);
    });

    it('says nothing of a sentence that the caller does not hear yet, when it is to finish its sentence', async () => {
        speech.gate = new Promise(() => undefined);
        const hung = speaker.say(['Hello.']);
        await settle();
        speaker.stopAfterSentence();
        expect(await hung).toMatchObject({ end: 'interrupted', text: '' });
        expect(log).toEqual(['ended bot_1']);
    });

    it('falls silent while a synthesizer hangs, and speaks again', async () => {
        speech.gate = new Promise(() => undefined);
        const hung = speaker.say(['Hello.']);
        await settle();
        speaker.stop();
        expect(await hung).toMatchObject({ end: 'interrupted', text: '' });
        speech.gate = Promise.resolve();
        expect(await speaker.say(['Again.'])).toMatchObject({ end: 'complete', text: 'Again.' });
    });

    it('plays the recording instead of what the synthesizer cannot say, once', async () => {
        speech.failsAt = /bad/;
        const spoken = await speaker.say(['Good. A bad one. Good.'], standIn);
        expect(spoken).toMatchObject({ end: 'complete', text: 'Good. One moment.', fault: { code: 'ERR_TTS_FAILED' } });
        expect(audio.map(({ value }) => value)).toEqual([0x11, 0x22, 0x33]);
        expect(log.at(-1)).toBe('ended bot_1');
    });

    it('fails, and ends the response, when there is no recording', async () => {
        speech.failsAt = /bad/;
        speech.failsLate = true;
        expect(await speaker.say(['A bad one.'])).toMatchObject({ end: 'failed', fault: { code: 'ERR_TTS_FAILED' } });
        expect(log).toEqual(['audio bot_1', 'ended bot_1']);
    });

    it('takes a synthesizer that gives no sound, and one that hangs, for one that fails', async () => {
        const mute = { kind: 'none', speak: () => (async function* () {})(), close: () => Promise.resolve() };
        const port = { audio: () => undefined, responseEnded: () => undefined, transcript: () => undefined };
        const deps = { clock, logger: new LogRecorder(), port, idPrefix: 'x' };
        expect(await new SpeechQueue({ ...deps, speech: mute }).say(['Hello.'])).toMatchObject({ end: 'failed' });
        speech.gate = new Promise(() => undefined);
        const hung = speaker.say(['Hello.'], standIn);
        await settle();
        clock.advance(20_000);
        expect(await hung).toMatchObject({ end: 'complete', text: 'One moment.', fault: { code: 'ERR_TTS_TIMEOUT' } });
    });

    it('tells words that do not come from words that cannot be said: no recording covers the first', async () => {
        async function* words(): AsyncGenerator<ResponsePart> {
            yield 'First.';
            await Promise.resolve();
            throw new Error('the model is gone');
        }
        const spoken = await speaker.say(words(), standIn);
        expect(spoken).toMatchObject({ end: 'failed', text: 'First.', fault: { message: 'the model is gone' } });
        expect(log.at(-1)).toBe('ended bot_1');
    });

    it('plays sound as it is, passes over parts without a sound, and hands over bytes of its own', async () => {
        const recording = new Uint8Array(160).fill(0x44);
        onAudio = () => {
            // The listener owns the bytes: if it changes them, the recording stays as it is.
            last?.fill(0);
        };
        await speaker.say([recording, '…', new Uint8Array(0), 'Yes.']);
        expect(recording).toEqual(new Uint8Array(160).fill(0x44));
        expect(audio.map(({ bytes, value }) => [bytes, value])).toEqual([
            [160, 0x44],
            [160, 0x11],
            [160, 0x22],
        ]);
        expect(said).toEqual(['Yes.']);
    });

    it('knows how long the caller hears it, and that an interruption ends that', async () => {
        await speaker.say(['Ten letter.']);
        expect([speaker.isSounding, speaker.quietMs]).toEqual([true, 0]);
        clock.advance(109);
        expect(speaker.isSounding).toBe(true);
        clock.advance(51);
        expect([speaker.isSounding, speaker.quietMs]).toEqual([false, 50]);
        await speaker.say(['Ten letter.']);
        speaker.stop();
        expect(speaker.isSounding).toBe(false);
    });

    it('says nothing after its end', async () => {
        const cut = speaker.say(['One. Two.']);
        speaker.close();
        speaker.close();
        expect(await cut).toMatchObject({ end: 'interrupted' });
        expect(await speaker.say(['Three.'])).toMatchObject({ end: 'interrupted' });
        await settle();
        expect(log).toEqual([]);
    });

    it('goes on with a response that a listener gives when the one before it ends', async () => {
        onEnded = () => {
            onEnded = () => undefined;
            void speaker.say(['Three.']);
        };
        void speaker.say(['One.']);
        await speaker.say(['Two.']);
        await settle();
        expect(said).toEqual(['One.', 'Two.', 'Three.']);
    });
});
