import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { levelDbfs } from '../../src/audio/loudness';
import { beepPcmu } from '../../src/audio/tone';
import { wavToPcmu } from '../../src/audio/wav';
import { EchoBot } from '../../src/services/echo-bot';

function sample(name: string): Uint8Array {
    return wavToPcmu(readFileSync(join(__dirname, '../../samples', name)));
}

function listen(bot: EchoBot) {
    const said: { pcmu: Uint8Array; id: string }[] = [];
    const events: string[] = [];
    bot.on('audio', (pcmu, origin) => said.push({ pcmu, id: origin.responseId }));
    bot.on('speechStarted', () => events.push('started'));
    bot.on('speechStopped', () => events.push('stopped'));
    bot.on('responseEnded', (id) => events.push(`ended ${id}`));
    return { said, events };
}

function speak(bot: EchoBot, pcmu: Uint8Array, frameBytes = 1600): void {
    for (let start = 0; start < pcmu.length; start += frameBytes) bot.hear(pcmu.subarray(start, start + frameBytes));
}

describe('the echo bot', () => {
    it('begins with a beep', async () => {
        const bot = new EchoBot();
        const { said, events } = listen(bot);
        await bot.start();
        expect(said[0]?.pcmu).toEqual(beepPcmu());
        expect(events).toEqual(['ended echo_1']);
    });

    it('plays back what the caller said, whole, when they have finished', () => {
        const bot = new EchoBot();
        const { said, events } = listen(bot);
        const words = sample('librivox_0930.wav');
        speak(bot, words);
        speak(bot, new Uint8Array(16_000).fill(0xff));
        expect(events).toEqual(['started', 'stopped', 'ended echo_1']);
        const echo = Buffer.from(said[0]?.pcmu ?? []);
        // From the first syllable (the gate opens later) to the last: the loud middle of the words is in the echo.
        expect(echo.includes(Buffer.from(words.subarray(4000, words.length - 4000)))).toBe(true);
        expect(levelDbfs(echo)).toBeGreaterThan(-40);
    });

    it('keeps no more than 30 s of a sentence that never ends', () => {
        const bot = new EchoBot();
        const { said } = listen(bot);
        const words = sample('librivox_0930.wav').subarray(4000, 20_000);
        for (let i = 0; i < 30; i++) speak(bot, words);
        speak(bot, new Uint8Array(16_000).fill(0xff));
        expect(Math.max(...said.map((piece) => piece.pcmu.length))).toBeLessThanOrEqual(240_000);
    });

    it('says nothing after its end', () => {
        const bot = new EchoBot();
        const { said, events } = listen(bot);
        bot.end();
        bot.end();
        speak(bot, sample('librivox_0930.wav'));
        bot.tell();
        expect([said, events]).toEqual([[], []]);
    });
});
