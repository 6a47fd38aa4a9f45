import { LocalBot } from '../../src/speech/local-bot';
import { readDialog } from '../../src/services/profiles/dialog-script';
import type { RecognizerKind } from '../../src/services/asr-service';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';
import { SessionHarness, settle as settleOnce } from '../support/session-harness';
import { TEST_TURN_TAKING, testConfig } from '../support/test-config';
import { FakeRecognizer, FakeSpeech, settle } from './dialog/fakes';
import { smallDialog } from './dialog/small-dialog';

/** The local bot on a call, from key to farewell. */
describe('a call with the local bot', () => {
    const clock = new FakeClock();
    let speech: FakeSpeech;
    let recognizer: FakeRecognizer;
    let harness: SessionHarness;

    async function open(recognizes: RecognizerKind): Promise<void> {
        speech = new FakeSpeech();
        recognizer = new FakeRecognizer(recognizes);
        const turnTaking = { ...TEST_TURN_TAKING, noInputMs: 8000, deadAirMs: 4000 };
        const deps = { clock, logger: new LogRecorder(), speech, recognizer };
        const bot = new LocalBot(deps, { dialog: readDialog(smallDialog()) });
        harness = new SessionHarness({ clock, config: testConfig({ turnTaking }) }, bot);
        await harness.open();
        await settle();
    }

    beforeEach(() => open('none'));

    afterEach(() => {
        harness.session.close();
        expect(recognizer.closed).toBeGreaterThan(0);
    });

    /** Lets `ms` pass on the line, so that the bot can work meanwhile. */
    async function pass(ms: number): Promise<void> {
        for (let left = ms; left > 0; left -= 200) {
            harness.audio(1600, 0xff);
            clock.advance(Math.min(200, left));
            await settleOnce();
        }
    }

    function events(type: string): unknown[] {
        return harness.socket.messages
            .filter((message) => message.type === 'event')
            .flatMap((message) => message.parameters['entities'])
            .filter((entity) => JSON.stringify(entity).includes(`"${type}"`));
    }

    it('greets, and a key pressed into the greeting stops it and counts', async () => {
        await pass(600);
        const before = harness.socket.audioBytes.length;
        expect(before).toBeGreaterThan(0);
        harness.send('dtmf', { digit: '2' });
        expect(events('barge_in')).toHaveLength(1);
        await settle();
        await pass(400);
        expect(speech.spoken).toContain('Nine to five.');
        expect(harness.socket.audioBytes.length).toBeGreaterThan(before);
    });

    it('transfers by key: the caller hears the sentence, and then Architect gets the variables', async () => {
        await pass(600);
        harness.send('dtmf', { digit: '0' });
        await settle();
        expect(harness.socket.last('disconnect')).toBeUndefined();
        await pass(6000);
        expect(harness.socket.last('disconnect')?.parameters).toMatchObject({
            reason: 'completed',
            outputVariables: { end_reason: 'transfer', queue: 'support', menu: '0' },
        });
    });

    it('asks a silent caller twice, and then says goodbye, with no sign of dead air', async () => {
        await pass(150_000);
        const questions = speech.spoken.filter((sentence) => sentence === 'Are you there?');
        expect(questions).toHaveLength(2);
        expect(harness.socket.last('disconnect')?.parameters).toMatchObject({
            outputVariables: { end_reason: 'no_input' },
        });
        expect(events('no_input')).toHaveLength(2);
        // Only words of the bot: no comfort sound among them.
        expect(new Set(harness.socket.audioBytes)).toEqual(new Set([0x11, 0x22]));
    });

    it('neither asks nor hangs up while the stream is paused, and asks anew once it goes on', async () => {
        const questions = (): number => speech.spoken.filter((sentence) => sentence === 'Are you there?').length;
        await pass(8000);
        const before = questions();
        harness.send('paused');
        await pass(150_000);
        expect([questions() - before, harness.socket.last('disconnect')]).toEqual([0, undefined]);
        harness.send('resumed');
        await pass(7800);
        expect(questions() - before).toBe(0);
        await pass(30_000);
        expect(questions()).toBeGreaterThan(before);
    });

    it('owes no response when the time for a key of the menu runs out: no dead air, and a silent caller is asked', async () => {
        harness.session.close();
        await open('closed');
        await pass(1000);
        // Words do not end the wait for a key, whose 30 s run out soon after the last response.
        for (let i = 0; i < 4; i++) {
            recognizer.says('opening times');
            await pass(3000);
            recognizer.says('yes');
            await pass(4000);
        }
        expect(speech.spoken.filter((sentence) => sentence === 'Nine to five.')).toHaveLength(4);
        await pass(16_000);
        expect(harness.socket.last('disconnect')).toBeUndefined();
        expect(speech.spoken).toContain('Are you there?');
        expect(new Set(harness.socket.audioBytes)).toEqual(new Set([0x11, 0x22]));
    });
});
