import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { silencePcmu } from '../../../src/audio/tone';
import { PocketSphinx } from '../../../examples/own-recognizer/pocketsphinx';
import { CodedError } from '../../../src/support/errors';
import { systemClock } from '../../../src/support/clock';
import { LogRecorder } from '../../support/log-recorder';
import { sample } from '../../speech/vad/support';

const MENU = ['billing', 'opening hours', 'speak to an agent', 'main menu'];
const SENTENCES = ['he was not an ill disposed young man', 'he might even have been made amiable himself'];

function isInstalled(): boolean {
    if (!existsSync('/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict')) return false;
    try {
        const koffi = createRequire(require.resolve('../../../examples/own-recognizer/pocketsphinx'))('koffi') as {
            load(name: string): unknown;
        };
        koffi.load('libpocketsphinx.so.3');
        return true;
    } catch {
        return false;
    }
}

const installed = isInstalled();
const title = installed
    ? 'PocketSphinx'
    : 'PocketSphinx (skipped: see examples/own-recognizer/README.md for what must be installed)';

(installed ? describe : describe.skip)(title, () => {
    let recognizer: PocketSphinx;
    beforeEach(() => {
        recognizer = new PocketSphinx({ clock: systemClock, logger: new LogRecorder(), deadlineMs: 60_000 });
    });
    afterEach(async () => {
        await recognizer.close();
    });

    it('tells two sentences apart', async () => {
        const phrases = [...MENU, ...SENTENCES];
        expect(await recognizer.recognize(sample('librivox_0880'), { phrases })).toEqual({ text: SENTENCES[0] });
        expect(await recognizer.recognize(sample('librivox_0930'), { phrases })).toEqual({ text: SENTENCES[1] });
    }, 60_000);

    it('does not take another sentence, a key or silence for a phrase of a menu', async () => {
        for (const name of ['librivox_0890', 'librivox_0930', 'dtmf_fast_472911']) {
            expect(await recognizer.recognize(sample(name), { phrases: MENU })).toBeUndefined();
        }
        expect(await recognizer.recognize(silencePcmu(1000), { phrases: MENU })).toBeUndefined();
    }, 60_000);

    it('names the words that its dictionary lacks', async () => {
        const refused = recognizer.recognize(sample('librivox_0880'), { phrases: ['yes', 'xyzzyq plugh'] });
        await expect(refused).rejects.toThrow(
            new CodedError('ERR_ASR_WORDS', 'Not in the dictionary: "xyzzyq", "plugh".'),
        );
    }, 60_000);

    it('changes between more menus than it keeps', async () => {
        const words = 'one two three four five six seven eight nine ten red green blue white black brown grey'.split(
            ' ',
        );
        for (const word of words) {
            const phrases = [word, 'he was not an ill disposed young man'];
            expect((await recognizer.recognize(sample('librivox_0880'), { phrases }))?.text).toBe(phrases[1]);
        }
    }, 60_000);
});

describe('PocketSphinx without its model', () => {
    it('says what to install', async () => {
        const recognizer = new PocketSphinx({
            clock: systemClock,
            logger: new LogRecorder(),
            modelPath: '/nowhere',
            deadlineMs: 60_000,
        });
        try {
            const refused = recognizer.recognize(sample('librivox_0880'), { phrases: MENU });
            await expect(refused).rejects.toThrow(/apt install .*pocketsphinx-en-us|npm install koffi/);
        } finally {
            await recognizer.close();
        }
    }, 60_000);
});
