import type { CallerOptions } from '../../tools/caller/caller-options';
import type { FakeSession } from '../../tools/fake-openai';
import { until } from '../support/test-bench';
import { BotsBench, received } from './bots-bench';

const ANNA = { customer_name: 'Anna Berg' };

/** What tells each of the bots that ship apart, as its session is told of it. */
const SHIPPED: Readonly<
    Record<string, { words: string; greeting: string; voice: string; vad: object; tools: string[] }>
> = {
    default: {
        words: 'You are the bot of the server’s own settings.',
        greeting: 'Say the server’s own hello.',
        voice: 'verse',
        vad: { type: 'server_vad', silence_duration_ms: 500 },
        tools: ['end_call', 'collect_digits'],
    },
    billing: {
        words: 'You answer the billing line of Brightwater Energy',
        greeting: 'Greet the caller for Brightwater Energy, by name if you know it: "Anna Berg".',
        voice: 'cedar',
        vad: { type: 'server_vad', silence_duration_ms: 600 },
        tools: ['end_call', 'collect_digits', 'transfer_to_agent', 'set_variable', 'verify_customer', 'read_balance'],
    },
    reception: {
        words: 'You are the reception of Brightwater Energy',
        greeting:
            'Welcome the caller to Brightwater Energy in one short sentence, by name if you know it: "Anna Berg".',
        voice: 'marin',
        vad: { type: 'semantic_vad', eagerness: 'high' },
        tools: ['end_call', 'transfer_to_agent', 'set_variable'],
    },
};
const NAMES = Object.keys(SHIPPED);

type Dialled = Partial<CallerOptions> & { path?: string };

/** The ways in which a call can say which bot it is for. */
const WAYS: Readonly<Record<string, (name: string) => Dialled>> = {
    path: (name) => ({ path: `/genesys/${name}` }),
    query: (name) => ({ path: `/genesys?bot=${name}` }),
    variable: (bot) => ({ inputVariables: { ...ANNA, bot } }),
    config: (bot) => ({ customConfig: { bot } }),
};
const CASES = Object.keys(WAYS).flatMap((way) => NAMES.map((name) => [name, way] as const));

const ENV = {
    AUDIOHOOK_PATH: '/genesys',
    OPENAI_INSTRUCTIONS: 'You are the bot of the server’s own settings.',
    OPENAI_GREETING: 'Say the server’s own hello.',
    OPENAI_VOICE: 'verse',
};
/** What the tools of the billing bot need. */
const SECRETS = { BILLING_API_TOKEN: 't0ken' };

describe('which bot a call reaches', () => {
    let bench: BotsBench;

    async function start(env: Record<string, string> = {}): Promise<void> {
        bench = await BotsBench.start({ env: { ...ENV, ...env }, secrets: SECRETS });
    }

    afterEach(() => bench.stop());

    async function dial({ path = '/genesys', ...options }: Dialled): Promise<FakeSession> {
        await bench.call(path, { inputVariables: ANNA, ...options });
        const session = await bench.fake.nextSession();
        await session.waitFor('response.create');
        return session;
    }

    function chosenBy(): unknown[] {
        return bench.logs.lines
            .filter(({ message }) => message === 'bot chosen')
            .map(({ fields }) => [fields['bot'], fields['by']]);
    }

    function expectBot(session: FakeSession, name: string): void {
        const bot = SHIPPED[name];
        const [update] = session.updates;
        const { instructions, tools, audio } = update?.session ?? {};
        const [greeting] = session.received('response.create');
        expect(instructions).toContain(bot?.words);
        for (const other of NAMES.filter((each) => each !== name))
            expect(instructions).not.toContain(SHIPPED[other]?.words);
        expect(greeting?.response?.instructions).toContain(bot?.greeting);
        expect(audio?.output?.voice).toBe(bot?.voice);
        expect(audio?.input?.turn_detection).toMatchObject(bot?.vad ?? {});
        expect(tools?.map((tool) => ('name' in tool ? tool['name'] : ''))).toEqual(bot?.tools);
    }

    it.each(CASES)(
        'is %s when the %s names it: its words, its voice, its recognizer and its tools',
        async (name, way) => {
            await start();
            expectBot(await dial(WAYS[way]?.(name) ?? {}), name);
            expect(chosenBy()).toEqual([[name, way]]);
        },
    );

    it.each(NAMES)('is %s when the custom configuration is JSON text that names it', async (bot) => {
        await start();
        expectBot(await dial({ customConfig: JSON.stringify({ bot, other: [1] }) }), bot);
        expect(chosenBy()).toEqual([[bot, 'config']]);
    });

    it.each(NAMES)('is %s when nothing names a bot and DEFAULT_BOT does', async (name) => {
        await start({ DEFAULT_BOT: name });
        expectBot(await dial({}), name);
        expect(chosenBy()).toEqual([[name, 'default']]);
    });

    it('is the profile default when nothing names a bot, and the Connector ID counts below the bare slash too', async () => {
        await start({ AUDIOHOOK_PATH: '/' });
        expectBot(await dial({ path: '/some/where' }), 'default');
        expectBot(await dial({ path: '/some/where/billing' }), 'billing');
    });

    it('is named by the path before the query, the variable, the configuration and the default', async () => {
        await start({ DEFAULT_BOT: 'silent' });
        const all = { path: '/genesys/billing?bot=reception', bot: 'default' };
        const inputVariables = { bot: all.bot };
        const customConfig = { bot: 'openai' };
        await dial({ path: all.path, inputVariables, customConfig });
        await dial({ path: '/genesys?bot=reception', inputVariables, customConfig });
        await dial({ inputVariables, customConfig });
        await dial({ customConfig });
        await bench.call('/genesys');
        await until('the last bot is chosen', () => chosenBy().length === 5);
        expect(chosenBy()).toEqual([
            ['billing', 'path'],
            ['reception', 'query'],
            ['default', 'variable'],
            ['openai', 'config'],
            ['silent', 'default'],
        ]);
    });

    it.each([
        ['path', { path: '/genesys/sales?bot=billing' }, 'sales'],
        ['query', { path: '/genesys?bot=no%22body%0A%3Cb%3E', inputVariables: { bot: 'billing' } }, 'no?body??b?'],
        ['variable', { inputVariables: { bot: '__proto__' }, customConfig: { bot: 'billing' } }, '__proto__'],
        ['configuration', { customConfig: { bot: 'x'.repeat(200) } }, `${'x'.repeat(64)}...`],
    ])(
        'is none when the %s names one that is not there: the call ends, and says which',
        async (_way, dialled, shown) => {
            await start();
            const { path = '/genesys', ...options }: Dialled = dialled;
            const caller = await bench.call(path, options);
            const { disconnect, openedAfterMs, protocol } = await caller.ended;
            expect(disconnect).toEqual({
                reason: 'error',
                info: `There is no bot named "${shown}"`,
                outputVariables: {},
            });
            expect([openedAfterMs, protocol.broken, bench.fake.sessions]).toEqual([undefined, [], []]);
            const noted = bench.logs.lines.find(({ fields }) => fields['code'] === 'ERR_BOT_UNKNOWN');
            expect(noted?.fields['bot']).toBe(shown);
        },
    );
});

describe('two calls at once with different bots', () => {
    const SOUNDS: Readonly<Record<string, number>> = { billing: 0x11, reception: 0x22 };
    const VALUES: Readonly<Record<string, [string, string]>> = {
        billing: ['topic', 'payment'],
        reception: ['caller_wish', 'A new contract.'],
    };

    it('do not mix: each hears its own bot, and Architect gets its own variables', async () => {
        const bench = await BotsBench.start({
            secrets: SECRETS,
            openai: {
                response: ({ sessionIndex, responseIndex }) => {
                    const instructions = bench.fake.sessions[sessionIndex]?.effective.instructions ?? '';
                    const bot = instructions.includes('billing line') ? 'billing' : 'reception';
                    const [name, value] = VALUES[bot] ?? [];
                    const note = { name: 'set_variable', arguments: { name, value } };
                    const audio = new Uint8Array(2400).fill(SOUNDS[bot] ?? 0);
                    if (responseIndex === 1) return { functionCalls: [note] };
                    return {
                        text: bot,
                        audio,
                        functionCalls: responseIndex === 2 ? [{ name: 'end_call', arguments: {} }] : [],
                    };
                },
            },
        });
        try {
            const ends = ['billing', 'reception'].map(async (name) => {
                const caller = await bench.call(`/${name}`, { inputVariables: { customer_name: `Anna of ${name}` } });
                return { name, caller, summary: caller.ended };
            });
            const calls = await Promise.all(ends);
            const sessions = [await bench.fake.nextSession(), await bench.fake.nextSession()];
            for (const session of sessions) {
                await session.waitForSent('response.done');
                session.speechStarted();
                session.speechStopped();
            }
            for (const { name, caller, summary } of calls) {
                const { disconnect } = await summary;
                const [variable = '', value = ''] = VALUES[name] ?? [];
                expect(new Set(received(caller))).toEqual(new Set([SOUNDS[name]]));
                expect(received(caller)).toHaveLength(4800);
                expect(disconnect?.outputVariables).toMatchObject({
                    bot: name,
                    [variable]: value,
                    end_reason: 'bot_ended',
                });
                const others = Object.values(VALUES)
                    .map(([each]) => each)
                    .filter((each) => each !== variable);
                for (const other of others) expect(disconnect?.outputVariables).not.toHaveProperty(other);
            }
            for (const session of sessions) {
                const { instructions } = session.effective;
                const name = instructions.includes('billing line') ? 'billing' : 'reception';
                expect(instructions).toContain(`"Anna of ${name}"`);
                expect(instructions.match(/Anna of \w+/g)?.every((found) => found === `Anna of ${name}`)).toBe(true);
            }
        } finally {
            await bench.stop();
        }
    });
});
