import { Handovers, type HandoversDeps } from '../../../src/services/handover/handovers';
import type { EndedCall, Handover } from '../../../src/services/handover/handover';
import { Transcript } from '../../../src/services/transcript';
import { LogRecorder } from '../../support/log-recorder';
import { settle } from '../../support/session-harness';

const ENDING = { bot: 'desk', endReason: 'transfer', variables: { topic: 'x' } };

/** A model that answers when a test says so. */
class SlowModel {
    readonly asked: { text: string; limitMs: number; signal: AbortSignal }[] = [];
    answer: (text: string) => void = () => undefined;
    fail: (fault: Error) => void = () => undefined;

    readonly ask: NonNullable<HandoversDeps['ask']> = (messages, limitMs, signal) => {
        this.asked.push({ text: messages.map(({ content }) => content).join('\n'), limitMs, signal });
        return new Promise((resolve, reject) => {
            this.answer = resolve;
            this.fail = reject;
            signal.addEventListener('abort', () => {
                reject(new Error('aborted'));
            });
        });
    };
}

describe('the hand-over of a call', () => {
    let transcript: Transcript;
    let model: SlowModel;
    let log: LogRecorder;

    beforeEach(() => {
        transcript = new Transcript();
        model = new SlowModel();
        log = new LogRecorder();
        transcript.add({
            speaker: 'caller',
            itemId: '1',
            text: 'I want to speak to a person, my number is 0815 4711.',
        });
    });

    function handover(deps: Partial<HandoversDeps> = {}): Handover {
        const call = { sessionId: 's', conversationId: 'c', transcript, tools: [], logger: log };
        return new Handovers({ summary: 'model', ask: model.ask, ...deps }).of(call);
    }

    it('has the summary of the model where it was there in time, with the end by the rules', async () => {
        const call = handover();
        call.begin();
        model.answer('The caller wants a person, at 030 123456.');
        await settle();
        expect(call.variables(ENDING)).toEqual({
            summary: 'The caller wants a person, at ***. The bot handed the caller to an agent.',
        });
    });

    it('gives the model the conversation with masked numbers, and a time limit', () => {
        handover().begin();
        const [{ text, limitMs } = { text: '', limitMs: 0 }] = model.asked;
        expect(text).toContain('caller: I want to speak to a person, my number is ***.');
        expect(text).not.toMatch(/0815|4711/);
        expect(limitMs).toBe(8000);
    });

    it('has the summary of the rules where the model is not ready, and gives the request up', async () => {
        const call = handover();
        call.begin();
        expect(call.variables(ENDING)['summary']).toMatch(/^The caller said: “I want to speak to a person/);
        expect(model.asked[0]?.signal.aborted).toBe(true);
        await settle();
        expect(log.lines.filter(({ level }) => level !== 'debug')).toEqual([]);
    });

    it('has the summary of the rules where the model fails, and says so without a warning', async () => {
        const call = handover();
        call.begin();
        model.fail(new Error('no'));
        await settle();
        expect(call.variables(ENDING)['summary']).toMatch(/^The caller said/);
        expect(log.lines.map(({ level }) => level)).toEqual(['info', 'debug']);
    });

    it('asks once, and anew when the caller has gone on, three times at most; what is old is not used', async () => {
        const call = handover();
        call.begin();
        call.begin();
        expect(model.asked).toHaveLength(1);
        model.answer('Old.');
        await settle();
        transcript.add({ speaker: 'caller', itemId: '2', text: 'No, wait a moment please.' });
        expect(call.variables(ENDING)['summary']).toContain('wait a moment');
        for (let turn = 3; turn < 8; turn++) {
            call.begin();
            transcript.add({ speaker: 'caller', itemId: String(turn), text: 'And another thing.' });
        }
        expect(model.asked).toHaveLength(3);
        call.close();
        call.close();
        expect(model.asked.every(({ signal }) => signal.aborted)).toBe(true);
    });

    it('asks no model where the rules write, and writes nothing where the summary is off', () => {
        const byRules = handover({ summary: 'rules' });
        byRules.begin();
        expect(model.asked).toEqual([]);
        expect(byRules.variables(ENDING)['summary']).toMatch(/^The caller said/);
        expect(handover({ summary: 'off' }).variables(ENDING)).toEqual({});
    });

    it('has the link, and gives the call to those who keep it', () => {
        const kept: EndedCall[] = [];
        const call = handover({
            summary: 'off',
            linkTo: (id) => `https://x/call/${id}`,
            keep: (each) => kept.push(each),
        });
        expect(call.variables(ENDING)).toEqual({ call_link: 'https://x/call/s' });
        expect(kept).toMatchObject([
            { sessionId: 's', conversationId: 'c', bot: 'desk', lines: [{ speaker: 'caller' }] },
        ]);
    });
});
