import { SaidLog } from '../../src/common/said-log';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';

describe('the lines of LOG_TRANSCRIPTS', () => {
    let clock: FakeClock;
    let log: LogRecorder;
    let said: SaidLog;

    beforeEach(() => {
        clock = new FakeClock();
        log = new LogRecorder();
        said = new SaidLog(log, clock);
    });

    afterEach(() => {
        said.close();
        expect(clock.pendingCount).toBe(0);
    });

    function lines(): string[] {
        return log.lines.map(
            ({ fields }) => `${String(fields['atMs'])} ${String(fields['speaker'])}: ${String(fields['text'])}`,
        );
    }

    function callerSpoke(itemId: string): void {
        said.heard({ speaker: 'caller', itemId });
    }

    function words(itemId: string, text: string): void {
        said.heard({ speaker: 'caller', itemId, text });
    }

    it('stand in the order of the talk when the caller’s words come after the response to them', () => {
        callerSpoke('u1');
        clock.advance(300);
        said.said('Nine to five.');
        clock.advance(1500);
        expect(lines()).toEqual([]);
        words('u1', 'What are your hours?');
        expect(lines()).toEqual(['0 caller: What are your hours?', '300 bot: Nine to five.']);
    });

    it('wait for the caller’s words for 2 s; words that come later carry the time at which they were said', () => {
        clock.advance(1000);
        callerSpoke('u1');
        said.said('Nine to five.');
        clock.advance(1999);
        expect(lines()).toEqual([]);
        clock.advance(1);
        words('u1', 'What are your hours?');
        expect(lines()).toEqual(['1000 bot: Nine to five.', '1000 caller: What are your hours?']);
    });

    it('name a turn of the caller’s that could not be transcribed', () => {
        callerSpoke('u1');
        said.said('Pardon?');
        words('u1', '');
        expect(lines()).toEqual(['0 caller: (not understood)', '0 bot: Pardon?']);
    });

    it('come at once where the words are known at once, and leave out turns that are not transcribed', () => {
        words('u1', 'Hours?');
        words('u2', '');
        said.said('Nine to five.');
        expect(lines()).toEqual(['0 caller: Hours?', '0 bot: Nine to five.']);
    });

    it('are complete when the call ends', () => {
        callerSpoke('u1');
        callerSpoke('u2');
        said.said('Bye.');
        words('u2', 'Bye, then.');
        said.close();
        said.close();
        expect(lines()).toEqual(['0 caller: (not understood)', '0 caller: Bye, then.', '0 bot: Bye.']);
    });

    it('mark what was said over the bot and is no turn, and wait for the verdict about it', () => {
        callerSpoke('u1');
        callerSpoke('u2');
        said.heard({ speaker: 'caller', itemId: 'u1', text: 'Mhm.' }, true);
        said.heard({ speaker: 'caller', itemId: 'u2', text: 'Wait!' }, true);
        expect(lines()).toEqual([]);
        said.heard({ speaker: 'caller', itemId: 'u1', ignored: true });
        said.judged();
        expect(log.lines.map(({ fields }) => fields)).toEqual([
            { speaker: 'caller', atMs: 0, text: 'Mhm.', ignored: true },
            { speaker: 'caller', atMs: 0, text: 'Wait!' },
        ]);
    });

    it('mark it too where the verdict comes before the item, and write it once', () => {
        said.heard({ speaker: 'caller', itemId: 'u1', ignored: true });
        callerSpoke('u1');
        words('u1', 'Mhm.');
        said.heard({ speaker: 'caller', itemId: 'u1', ignored: true });
        said.close();
        expect(log.lines.map(({ fields }) => fields)).toEqual([
            { speaker: 'caller', atMs: 0, text: 'Mhm.', ignored: true },
        ]);
    });

    it('do not fill the memory with words that never come', () => {
        for (let i = 0; i < 1000; i += 1) callerSpoke(`u${i}`);
        said.said('Hello?');
        clock.advance(2000);
        expect(lines()).toContain('0 bot: Hello?');
        said.close();
        expect(lines().length).toBeLessThan(200);
    });
});
