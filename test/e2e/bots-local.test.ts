import type { Caller } from '../../tools/caller/client';
import { ScaledClock } from '../support/scaled-clock';
import { until } from '../support/test-bench';
import { BotsBench, OwnVoice, received } from './bots-bench';

/** The voice’s thread is cold at the first call: on a busy machine its first sentence takes more than a second, and the call waits 8 s for it. */
const SPEED = 2;
const INPUT = { customer_name: 'Anna', open_until: 'noon', nobody_declared_this: 'x' };
/** What every call tells Architect, of one that a local bot answered. */
const ALWAYS = { fallback_used: '', worst_turn_ms: '', cost_usd: '0.0000' };

/** Bot, its first words, a key of its menu, the last words, and what that key means for Architect. */
const MENUS: readonly [string, string, string, string, Record<string, string>][] = [
    [
        'default',
        'Hello Anna, and thank you for calling.',
        '9',
        'Thank you for calling. Goodbye.',
        { end_reason: 'bot_ended' },
    ],
    [
        'billing',
        'Hello Anna, this is the billing line of Brightwater Energy.',
        '3',
        'I am connecting you with a colleague who can.',
        { end_reason: 'transfer', topic: 'balance', transfer_reason: 'other' },
    ],
    [
        'reception',
        'Welcome to Brightwater Energy Anna.',
        '1',
        'I am connecting you with our sales team.',
        { end_reason: 'transfer', transfer_queue: 'Sales' },
    ],
];

describe('a bot that ships, without any key', () => {
    const voice = new OwnVoice();
    let bench: BotsBench;

    beforeAll(async () => {
        bench = await BotsBench.start({ clock: new ScaledClock(SPEED), openai: false });
    });

    afterAll(async () => {
        await bench.stop();
        await voice.close();
    });

    async function hears(caller: Caller, words: string): Promise<Buffer> {
        const sound = await voice.soundOf(words);
        await until(`"${words}" is heard`, () => received(caller).includes(sound));
        return sound;
    }

    it.each(MENUS)('%s: says its own dialog with the caller’s name, and ends as its menu says', async (...menu) => {
        const [bot, greeting, key, farewell, told] = menu;
        const caller = await bench.call(`/${bot}`, { inputVariables: INPUT });
        const first = await hears(caller, greeting);
        expect(received(caller).subarray(0, first.length)).toEqual(first);
        caller.dtmf(key);
        const { disconnect, protocol, faults } = await caller.ended;
        const last = await voice.soundOf(farewell);
        // To its end: nothing was cut off after the key.
        expect(Buffer.from(caller.playedAudio).subarray(-last.length).equals(last)).toBe(true);
        expect(disconnect?.reason).toBe('completed');
        const { turns, ...rest } = disconnect?.outputVariables ?? {};
        // All there is: the key itself ("menu") is declared by no profile.
        expect(rest).toEqual({ ...ALWAYS, bot, ...told });
        expect(turns).toBe('2');
        expect([protocol.broken, faults]).toEqual([[], []]);
    });

    it('reception: fills its responses with what Architect gave, and offers what it knows', async () => {
        const caller = await bench.call('/?bot=reception', { inputVariables: INPUT });
        await hears(caller, 'Welcome to Brightwater Energy Anna.');
        caller.dtmf('4');
        await hears(caller, 'Our colleagues answer today until noon.');
        caller.hangUp();
        await caller.ended;
    });

    it('the server’s own dialog tells which key was pressed, because no output variables are declared for Architect', async () => {
        const caller = await bench.call('/?bot=local');
        await hears(caller, 'Hello, and thank you for calling.');
        caller.dtmf('0');
        const { disconnect } = await caller.ended;
        expect(disconnect?.outputVariables).toMatchObject({ end_reason: 'transfer', menu: '0', bot: 'local' });
    });
});
