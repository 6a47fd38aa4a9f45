import type { Conversation, OverlapControl } from '../../src/services/conversation';
import { pause, speak, until, type Specimen } from './conversation-contract';
import { ConversationWatch } from './conversation-watch';

/** What `OverlapControl` promises, for any conversation that has one: each promise is one test. */
export function overlapContract(name: string, makeConversation: () => Promise<Specimen>): void {
    describe(`${name} keeps the promises about speech that the call judges`, () => {
        let specimen: Specimen;
        let conversation: Conversation;
        let watch: ConversationWatch;
        let control: OverlapControl;

        beforeEach(async () => {
            specimen = await makeConversation();
            conversation = specimen.conversation;
            watch = new ConversationWatch(conversation);
            await conversation.start();
            await until(() => watch.responsesEnded.length > 0, 'the greeting');
            if (conversation.overlap === undefined) throw new Error('There is no control.');
            control = conversation.overlap;
        });

        afterEach(async () => {
            conversation.end();
            expect(specimen.clock.pendingCount).toBe(0);
            await specimen.close();
        });

        /** What was reported since `from`, of these names. */
        function reported(from: number, ...names: string[]): string[] {
            return watch.names.slice(from).filter((each) => names.includes(each));
        }

        const SPEECH = ['overlap started', 'overlap stopped', 'speechStarted', 'speechStopped'];

        /** The caller says a sentence over the bot; it waits for its verdict. */
        async function overlap(): Promise<void> {
            control.begin();
            await pause();
            const before = watch.names.length;
            speak(specimen);
            await until(() => reported(before, 'overlap stopped').length > 0, 'the speech');
            if (control.givesWords) await until(() => reported(before, 'overlapWords').length > 0, 'the words');
            await pause();
            expect(reported(before, ...SPEECH)).toEqual(['overlap started', 'overlap stopped']);
        }

        /** An ordinary turn. @returns the responses to it */
        async function turn(): Promise<number> {
            const before = watch.names.length;
            const responses = watch.responsesEnded.length;
            speak(specimen);
            await until(() => watch.responsesEnded.length > responses, 'the response');
            await pause();
            expect(reported(before, ...SPEECH)).toEqual(['speechStarted', 'speechStopped']);
            return watch.responsesEnded.length - responses;
        }

        async function accept(): Promise<void> {
            control.accept();
            if (control.turnSilenceMs !== undefined) control.endTurn(control.turnSilenceMs);
            await pause();
        }

        it('speech is reported for the verdict, its words once, and no response is given before it', async () => {
            const responses = watch.responsesEnded.length;
            await overlap();
            expect(watch.overlapWords.length).toBeLessThanOrEqual(1);
            expect(watch.responsesEnded).toHaveLength(responses);
        });

        it('speech that is dismissed leaves no trace: no response, no turn, and its words are marked', async () => {
            await overlap();
            const before = watch.names.length;
            control.dismiss();
            await pause();
            control.end();
            await pause();
            expect(reported(before, ...SPEECH, 'responseEnded', 'audio', 'turn')).toEqual([]);
            const words = watch.said.filter(({ speaker, text }) => speaker === 'caller' && text !== undefined);
            for (const { itemId } of words)
                expect(watch.said).toContainEqual({ speaker: 'caller', itemId, ignored: true });
            expect(await turn()).toBe(1);
        });

        it('speech that is accepted is reported as a turn, and gets one response', async () => {
            await overlap();
            const before = watch.names.length;
            const responses = watch.responsesEnded.length;
            await accept();
            if (conversation.overlap?.givesWords === true || control.turnSilenceMs !== undefined)
                await until(() => watch.responsesEnded.length > responses, 'the response');
            control.end();
            await pause();
            await pause();
            expect(reported(before, ...SPEECH)).toEqual(['speechStarted', 'speechStopped']);
            expect(watch.responsesEnded.length - responses).toBeLessThanOrEqual(1);
            expect(watch.said.filter(({ ignored }) => ignored === true)).toEqual([]);
            expect(await turn()).toBe(1);
        });

        it('speech that is dismissed before it ends gets no response, and no report', async () => {
            control.begin();
            await pause();
            const before = watch.names.length;
            conversation.once('overlapSpeech', () => {
                control.dismiss();
            });
            speak(specimen);
            await pause();
            await pause();
            expect(reported(before, ...SPEECH, 'responseEnded', 'overlapWords')).toEqual(['overlap started']);
            control.end();
            await pause();
            expect(reported(before, 'speechStarted', 'responseEnded')).toEqual([]);
            expect(await turn()).toBe(1);
        });

        it('speech without a verdict is a turn when nothing is judged any more', async () => {
            await overlap();
            const responses = watch.responsesEnded.length;
            const before = watch.names.length;
            control.end();
            await pause();
            if (control.givesWords || control.turnSilenceMs !== undefined)
                await until(() => watch.responsesEnded.length > responses, 'the response');
            await pause();
            expect(reported(before, ...SPEECH)).toEqual(['speechStarted', 'speechStopped']);
            expect(watch.responsesEnded.length - responses).toBeLessThanOrEqual(1);
        });

        it('begin and end may come twice, verdicts without speech do no harm, and turns are answered once afterwards', async () => {
            control.end();
            control.begin();
            control.begin();
            control.dismiss();
            control.dismiss();
            control.end();
            control.end();
            control.dismiss();
            control.endTurn(500);
            await pause();
            expect(await turn()).toBe(1);
            expect(await turn()).toBe(1);
        });

        it('an accepted turn without speech is reported, and ends', async () => {
            control.begin();
            await pause();
            const before = watch.names.length;
            await accept();
            control.end();
            await pause();
            expect(reported(before, ...SPEECH)).toEqual(['speechStarted', 'speechStopped']);
            await pause();
            expect(await turn()).toBe(1);
        });
    });
}
