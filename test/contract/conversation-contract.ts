import type { CallerAudioBuffer } from '../../src/audio/caller-audio-buffer';
import { MULAW_SILENCE } from '../../src/audio/mulaw';
import { tonePcmu } from '../../src/audio/tone';
import type { AudioOrigin, Conversation } from '../../src/services/conversation';
import type { FakeClock } from '../support/fake-clock';
import { ConversationWatch } from './conversation-watch';

/** One conversation to be tested, with nothing said yet. */
export interface Specimen {
    conversation: Conversation;
    /** The buffer that it was made with; undefined: it has none. */
    callerAudio?: CallerAudioBuffer;
    /** The clock that it was made with. */
    clock: FakeClock;
    /** Frees what stands behind it. */
    close: () => Promise<void>;
}

/** Frames of a telephone line. */
const FRAME_BYTES = 160;
/** A sentence of the caller, and the silence that ends it. */
const SENTENCE = Buffer.concat([tonePcmu(300, 800, 0.5), new Uint8Array(12_000).fill(MULAW_SILENCE)]);

export async function until(isTrue: () => boolean, what: string): Promise<void> {
    const deadlineMs = performance.now() + 4000;
    while (!isTrue()) {
        if (performance.now() > deadlineMs) throw new Error(`Waited in vain for ${what}.`);
        await new Promise((resolve) => setTimeout(resolve, 1));
    }
}

export async function pause(): Promise<void> {
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Caller audio, as the call gives it to a bot. */
export function hear({ conversation, callerAudio }: Specimen, pcmu: Uint8Array): void {
    callerAudio?.push(pcmu);
    conversation.hear(pcmu);
}

/** The caller says a sentence. One buffer for all frames: a conversation keeps none of it. */
export function speak(specimen: Specimen): void {
    const frame = new Uint8Array(FRAME_BYTES);
    for (let at = 0; at < SENTENCE.length; at += FRAME_BYTES) {
        frame.set(SENTENCE.subarray(at, at + FRAME_BYTES));
        hear(specimen, frame);
    }
    frame.fill(0);
}

export function position(origin: AudioOrigin, receivedMs: number) {
    return { items: [{ ...origin, heardMs: 1, receivedMs }] };
}

/** Everything that a call may do to a conversation, save `start` and `end`. */
function useAll(specimen: Specimen): void {
    const { conversation } = specimen;
    hear(specimen, new Uint8Array(FRAME_BYTES).fill(0x55));
    hear(specimen, new Uint8Array(0));
    conversation.tell('The caller entered 1 on the telephone keypad.');
    conversation.askAgain();
    conversation.interrupt({ items: [] });
    conversation.interrupt(position({ responseId: 'x', itemId: 'y', contentIndex: 0 }, 10));
}

/** What the interface promises, for any conversation: each promise is one test. */
export function conversationContract(name: string, makeConversation: () => Promise<Specimen>): void {
    describe(`${name} keeps the promises of a conversation`, () => {
        let specimen: Specimen;
        let conversation: Conversation;
        let watch: ConversationWatch;

        beforeEach(async () => {
            specimen = await makeConversation();
            conversation = specimen.conversation;
            watch = new ConversationWatch(conversation);
        });

        afterEach(async () => {
            conversation.end();
            await specimen.close();
        });

        /** Started, and the greeting, if there is one, is over. */
        async function start(): Promise<void> {
            await conversation.start();
            if (conversation.speaksFirst) await until(() => watch.responsesEnded.length > 0, 'the greeting');
        }

        /** A turn of the caller, answered where it is a bot that answers. */
        async function turn(): Promise<void> {
            const before = watch.responsesEnded.length;
            speak(specimen);
            if (conversation.listensOnly) await pause();
            else await until(() => watch.responsesEnded.length > before, 'the response');
        }

        it('is ready once, before start resolves', async () => {
            let readyAtResolve = 0;
            await conversation.start().then(() => {
                readyAtResolve = watch.names.filter((each) => each === 'ready').length;
            });
            await pause();
            expect(readyAtResolve).toBe(1);
            expect(watch.names.filter((each) => each === 'ready')).toHaveLength(1);
            expect(watch.names[0]).toBe('ready');
        });

        it('can be used before the start, and after the end, and never throws', async () => {
            useAll(specimen);
            await start();
            useAll(specimen);
            conversation.end();
            useAll(specimen);
            expect(watch.ended).toEqual([]);
        });

        it('hears: a bot that answers does so, a bot that only listens makes no sound', async () => {
            await start();
            const before = watch.audio.length;
            await turn();
            expect(watch.audio.length > before).toBe(!conversation.listensOnly);
            expect(watch.audio.length > 0 && conversation.listensOnly).toBe(false);
        });

        it('gives audio in pieces of a byte or more, each item in one answer only', async () => {
            await start();
            await turn();
            await turn();
            expect(watch.audio.filter(({ pcmu }) => pcmu.length < 1)).toEqual([]);
            const answerOf = new Map<string, string>();
            for (const { origin } of watch.audio) {
                expect(origin.responseId).not.toBe('');
                expect(answerOf.get(origin.itemId) ?? origin.responseId).toBe(origin.responseId);
                expect(Number.isInteger(origin.contentIndex)).toBe(true);
                answerOf.set(origin.itemId, origin.responseId);
            }
        });

        it('ends each response once, after its last sound', async () => {
            await start();
            await turn();
            await turn();
            expect(new Set(watch.responsesEnded).size).toBe(watch.responsesEnded.length);
            expect(watch.audioAfterItsEnd).toEqual([]);
            const spoken = new Set(watch.audio.map(({ origin }) => origin.responseId));
            expect([...spoken].filter((id) => !watch.responsesEnded.includes(id))).toEqual([]);
        });

        it('gives no more of a response that was interrupted, and ends it', async () => {
            let interrupted: string | undefined;
            conversation.once('audio', (pcmu, origin) => {
                interrupted = origin.responseId;
                watch.audio.length = 0;
                conversation.interrupt(position(origin, pcmu.length / 8));
            });
            await start();
            if (!conversation.speaksFirst) await turn();
            await pause();
            expect(watch.audio.filter(({ origin }) => origin.responseId === interrupted)).toEqual([]);
            expect(watch.responsesEnded).toEqual(interrupted === undefined ? [] : [interrupted]);
            await turn();
            expect(watch.audio.length > 0).toBe(!conversation.listensOnly);
        });

        it('reports the caller’s speech in pairs, with a silence that has a length', async () => {
            await start();
            await turn();
            await turn();
            const speech = watch.names.filter((each) => each === 'speechStarted' || each === 'speechStopped');
            expect(speech.every((each, i) => (each === 'speechStarted') === (i % 2 === 0))).toBe(true);
            expect(watch.silences.every((ms) => ms >= 0 && ms <= 10_000)).toBe(true);
            expect(watch.silences).toHaveLength(Math.floor(speech.length / 2));
        });

        it('tells what was said item by item, each after one that was told before', async () => {
            await start();
            await turn();
            await turn();
            const told = new Set<string>();
            for (const { itemId, afterItemId } of watch.said) {
                if (afterItemId !== undefined) expect(told.has(afterItemId)).toBe(true);
                told.add(itemId);
            }
        });

        it('asks a silent caller again, aloud', async () => {
            await start();
            const before = watch.audio.length;
            conversation.askAgain();
            if (conversation.listensOnly) await pause();
            else await until(() => watch.audio.length > before, 'the question');
            expect(watch.ended).toEqual([]);
        });

        it('says goodbye and ends once, however often it is asked to', async () => {
            await start();
            const before = watch.audio.length;
            conversation.sayGoodbye();
            conversation.sayGoodbye();
            await until(() => watch.ended.length > 0, 'the end');
            conversation.sayGoodbye();
            await pause();
            expect(watch.ended).toMatchObject([{ reason: 'completed' }]);
            expect(watch.audio.length > before).toBe(!conversation.listensOnly);
            expect(watch.names.at(-1)).toBe('ended');
        });

        it('ends, too, when it is to say goodbye before it has started', async () => {
            conversation.sayGoodbye();
            await until(() => watch.ended.length > 0, 'the end');
            await conversation.start().catch(() => undefined);
            await pause();
            expect(watch.ended).toHaveLength(1);
        });

        it('costs nothing or more, and never less than before', async () => {
            await start();
            const before = conversation.costUsd ?? 0;
            await turn();
            expect(before).toBeGreaterThanOrEqual(0);
            expect(conversation.costUsd ?? 0).toBeGreaterThanOrEqual(before);
        });

        it.each<[string, () => Promise<unknown>]>([
            ['before it has started', () => Promise.resolve()],
            ['while it starts', () => Promise.resolve(void conversation.start().catch(() => undefined))],
            ['when it has started', () => start()],
            ['at its first sound', () => (conversation.listensOnly ? start() : endAtFirstSound())],
            [
                'while the caller speaks',
                () =>
                    start().then(() => {
                        hear(specimen, tonePcmu(300, 300, 0.5));
                    }),
            ],
            [
                'while it says goodbye',
                () =>
                    start().then(() => {
                        conversation.sayGoodbye();
                    }),
            ],
        ])('can be ended twice %s: nothing comes afterwards, and no timer is left', async (_when, before) => {
            await before();
            conversation.end();
            expect(conversation.eventNames()).toEqual([]);
            conversation.end();
            // Listeners that are added now would hear of anything that a freed conversation still does.
            const after = new ConversationWatch(conversation);
            useAll(specimen);
            conversation.sayGoodbye();
            speak(specimen);
            await conversation.start().catch(() => undefined);
            await pause();
            expect(after.names).toEqual([]);
            expect(specimen.clock.pendingCount).toBe(0);
        });

        async function endAtFirstSound(): Promise<void> {
            conversation.once('audio', () => {
                conversation.end();
            });
            await conversation.start().catch(() => undefined);
            await pause();
        }
    });
}
