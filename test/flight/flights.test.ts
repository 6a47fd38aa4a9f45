import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { wavToPcmu } from '../../src/audio/wav';
import { MULAW_SILENCE } from '../../src/audio/mulaw';
import { RestStandIn } from '../../bench/rest-stand-in';
import { Sentences } from '../../bench/sentences';
import type { FakeSession } from '../../tools/fake-openai';
import type { Flight } from '../../tools/replay/flight-reader';
import { json, TestServer } from '../services/functions/tool-bench';
import { ScaledClock } from '../support/scaled-clock';
import { until, type TestBench, type TestBenchOptions } from '../support/test-bench';
import { FlightBench, outputsOf, replayed } from './flight-bench';

const SPEECH = wavToPcmu(readFileSync(join(__dirname, '../../samples/librivox_0930.wav')));
/** Half a second of a voice, and silence after it. */
const SHORT_SPEECH = Buffer.concat([SPEECH.subarray(4000, 8000), Buffer.alloc(16_000, MULAW_SILENCE)]);
const PIN = '73195';
const NOT_READ = { env: { NO_INPUT_SECONDS: '0' } };

interface Call {
    name: string;
    options: TestBenchOptions;
    play: (bench: TestBench) => Promise<void>;
    /** What must stand in the file, so that the call was the one that was meant. */
    check?: (flight: Flight) => void;
}

/** Dials and waits for the sound of the greeting. */
async function greeted(
    bench: TestBench,
    audio?: Uint8Array,
): Promise<{ caller: ReturnType<TestBench['caller']>; session: FakeSession }> {
    const caller = bench.caller({ frameMs: 100, ...(audio !== undefined && { audio }) });
    await caller.dial();
    const session = await bench.fake.nextSession();
    await until('the greeting is heard', () => caller.heardBytes > 4000);
    return { caller, session };
}

function eventsTo({ steps }: Flight, type: string): string[] {
    return steps.flatMap((step) =>
        step[0] === '>' && step[1] === 'text' && String(step[2]).includes(type) ? [String(step[2])] : [],
    );
}

function deskProfile(host: string): object {
    return {
        instructions: 'You are the desk.',
        greeting: 'Greet the caller.',
        tools: [
            {
                kind: 'http',
                name: 'read_balance',
                description: 'Reads the balance.',
                method: 'GET',
                url: `http://${host}/contracts/{{contract}}/balance`,
                allowedHosts: [host],
                parameters: {
                    type: 'object',
                    properties: { contract: { type: 'string' } },
                    required: ['contract'],
                    additionalProperties: false,
                },
                response: { pick: { amount: 'balance.amount' } },
            },
        ],
    };
}

const CALLS: Call[] = [
    {
        name: 'greeting, a turn, an interruption, and the client closes',
        options: { openai: { vad: 'off' }, env: { BARGE_IN: 'instant' } },
        play: async (bench) => {
            const { caller, session } = await greeted(bench, SPEECH);
            session.speechStarted();
            await session.waitFor('conversation.item.truncate');
            session.speechStopped();
            await until('the answer is heard', () => caller.heardBytes > 16_000);
            caller.hangUp();
            await caller.ended;
        },
        check: (flight) => {
            expect(eventsTo(flight, 'barge_in')).toHaveLength(1);
            expect(eventsTo(flight, '"closed"')).toHaveLength(1);
        },
    },
    {
        name: 'speech over the bot that the call judges: held, and gone on with',
        options: {
            openai: {
                response: [{ text: 'A long greeting of the bot.', audioMs: 7000 }],
                callerTranscript: { texts: ['Yeah, yeah.'], when: 'early' },
            },
            env: { BARGE_IN: 'smart', OPENAI_AUDIO_FORMAT: 'pcmu', NO_INPUT_SECONDS: '0' },
        },
        play: async (bench) => {
            const { caller } = await greeted(bench);
            caller.say(SHORT_SPEECH);
            const verdicts = (): unknown[] => bench.logs.lines.map(({ fields }) => fields['overlap']);
            await until('the bot goes on', () => verdicts().includes('resumed'));
            expect(verdicts()).toContain('held');
            const { heardBytes } = caller;
            await until('the bot is heard again', () => caller.heardBytes > heardBytes + 8000);
            caller.hangUp();
            await caller.ended;
        },
    },
    {
        name: 'functions of the server, and the bot ends the call',
        options: {
            openai: {
                vad: 'off',
                response: [
                    {
                        functionCalls: [
                            { name: 'collect_digits', arguments: { name: 'number', max_digits: 3, secure: false } },
                        ],
                    },
                    { text: 'Goodbye.', audioMs: 500, functionCalls: [{ name: 'end_call', arguments: {} }] },
                ],
            },
        },
        play: async (bench) => {
            const caller = bench.caller();
            await caller.dial();
            const session = await bench.fake.nextSession();
            await session.waitForSent('response.done');
            await new Promise((resolve) => setTimeout(resolve, 50));
            caller.dtmf('42');
            await caller.ended;
        },
        check: (flight) => {
            expect(eventsTo(flight, '"disconnect"')).toHaveLength(1);
        },
    },
    {
        name: 'OpenAI is lost, and connected again',
        options: { openai: { vad: 'off' }, ...NOT_READ },
        play: async (bench) => {
            const { caller, session } = await greeted(bench, SPEECH);
            session.cut();
            const second = await bench.fake.nextSession();
            await second.waitFor('input_audio_buffer.append');
            await new Promise((resolve) => setTimeout(resolve, 500));
            caller.hangUp();
            await caller.ended;
        },
        check: (flight) => {
            expect(outputsOf(flight, 'socket').length).toBeGreaterThan(1);
        },
    },
    {
        name: 'OpenAI refuses the upgrade, and the local bot takes over and is told keys',
        options: { openai: { vad: 'off', plan: { httpStatus: 503 } }, ...NOT_READ },
        play: async (bench) => {
            const caller = bench.caller({ audio: SPEECH });
            await caller.dial();
            await until('the local bot is heard', () => caller.heardBytes > 24_000);
            caller.dtmf('1');
            await new Promise((resolve) => setTimeout(resolve, 1500));
            caller.hangUp();
            await caller.ended;
        },
        check: (flight) => {
            expect(outputsOf(flight, 'ask').filter(([, of]) => of === 'voice').length).toBeGreaterThan(0);
        },
    },
    {
        name: 'Genesys reports 429, pauses and resumes, and the server shuts down',
        options: { openai: { vad: 'off' }, ...NOT_READ },
        play: async (bench) => {
            const { caller } = await greeted(bench, SPEECH);
            caller.error429(300);
            caller.pause();
            await new Promise((resolve) => setTimeout(resolve, 300));
            caller.resume();
            await new Promise((resolve) => setTimeout(resolve, 700));
            await bench.server.cutOff();
            await caller.ended;
        },
        check: (flight) => {
            expect(eventsTo(flight, '"disconnect"')).toHaveLength(1);
        },
    },
    {
        name: 'the echo bot, and a client whose connection breaks',
        options: { openai: false, env: { DEFAULT_BOT: 'echo' } },
        play: async (bench) => {
            const caller = bench.caller({ audio: SPEECH });
            await caller.dial();
            await until('the echo is heard', () => caller.heardBytes > 4000);
            caller.cut();
            await caller.ended;
        },
    },
];

describe('recorded calls', () => {
    const benches = new Set<FlightBench>();

    afterAll(() => {
        for (const bench of benches) bench.remove();
    });

    function flightBench(): FlightBench {
        const bench = new FlightBench();
        benches.add(bench);
        return bench;
    }

    it.each(CALLS.map((call) => [call.name, call] as const))('%s: the replay is the same', async (_name, call) => {
        const bench = flightBench();
        await bench.record(call.options, call.play);
        const [flight, ...others] = bench.flights;
        expect([flight?.cut, others]).toEqual([undefined, []]);
        if (flight === undefined) return;
        const { inputs, outputs } = await replayed(flight);
        expect(inputs).toBeGreaterThan(10);
        expect(outputs).toBeGreaterThan(10);
        call.check?.(flight);
    });

    it('a secure entry: neither its digits nor a key of OpenAI is in the file, and the replay is the same', async () => {
        const bench = flightBench();
        const card = { name: 'collect_digits', arguments: { name: 'pin', max_digits: PIN.length, secure: true } };
        const key = 'sk-no-one-may-see-this-key';
        const openai = {
            vad: 'off',
            response: [{ functionCalls: [card] }, { text: 'Thank you.', audioMs: 600 }],
        } as const;
        await bench.record({ openai, env: { OPENAI_API_KEY: key } }, async (running) => {
            const caller = running.caller({ audio: SPEECH });
            await caller.dial();
            const session = await running.fake.nextSession();
            await session.waitForSent('response.done');
            await until('the caller is heard', () => session.appendedMs > 300);
            // Slowly, so that sound of the line comes between the keys.
            for (const key of PIN) {
                caller.dtmf(key);
                await new Promise((resolve) => setTimeout(resolve, 120));
            }
            await session.waitFor('conversation.item.create');
            await until('the model has thanked', () => caller.heardBytes > 0);
            caller.hangUp();
            await caller.ended;
        });
        const [file = ''] = bench.files;
        const [flight] = bench.flights;
        const text = gunzipSync(readFileSync(file)).toString('latin1');
        expect(text).not.toContain(key);
        expect(text).not.toContain('Bearer');
        const keys = [...text.matchAll(/\\"digit\\":\s*\\"(.)\\"/g)].map(([, digit]) => digit);
        expect(keys.join('')).toBe('0'.repeat(PIN.length));
        expect(text).not.toContain(PIN);
        const typed = (flight?.steps ?? []).filter((step) => step[0] === '<' && ['text', 'audio'].includes(step[3]));
        const at = typed.flatMap((step, index) => (String(step[4]).includes('"dtmf"') ? [index] : []));
        const between = typed.slice(at[0], at.at(-1)).filter((step) => step[3] === 'audio');
        expect(between.length).toBeGreaterThan(1);
        for (const [, , , , sound] of between) {
            const bytes = Buffer.from(String(sound), 'base64');
            expect(bytes.equals(Buffer.alloc(bytes.length, MULAW_SILENCE))).toBe(true);
        }
        // Before it the line is in the file as it was.
        expect(typed.slice(0, at[0]).some((step) => step[3] === 'audio' && !/^[/]+=*$/.test(String(step[4])))).toBe(
            true,
        );
        if (flight !== undefined) await replayed(flight);
    });

    it('functions over HTTP: the file answers in their place, and they are asked the same', async () => {
        const bench = flightBench();
        const service = await TestServer.start((_seen, response) => {
            json(response, { balance: { amount: '1234.56' } });
        });
        const botsFolder = join(bench.folder, 'bots');
        mkdirSync(botsFolder);
        writeFileSync(join(botsFolder, 'desk.json'), JSON.stringify(deskProfile(service.host)));
        const call = { name: 'read_balance', arguments: { contract: '4711' } };
        const response = [{ functionCalls: [call] }, { text: 'You owe 1234 euros.', audioMs: 600 }];
        try {
            const options = {
                openai: { vad: 'off', response } as const,
                config: { botsFolder },
                env: { DEFAULT_BOT: 'openai' },
            };
            await bench.record(options, async (running) => {
                const caller = running.caller({}, '/?bot=desk');
                await caller.dial();
                await until('the balance is told', () => caller.heardBytes > 1000);
                caller.hangUp();
                await caller.ended;
            });
        } finally {
            await service.close();
        }
        const [flight] = bench.flights;
        if (flight === undefined) throw new Error('there is no flight file');
        await replayed(flight);
        expect(outputsOf(flight, 'ask')).toEqual([[1, 'function read_balance', '{"contract":"4711"}']]);
        expect(JSON.stringify(flight.steps)).toContain('1234.56');
    });

    it('OpenAI over HTTP: chat, voice and recognizer are asked the same', async () => {
        const bench = flightBench();
        const clock = new ScaledClock(1);
        const service = await RestStandIn.start(clock, new Sentences(), {});
        try {
            const env = { OPENAI_BASE_URL: service.baseURL, NO_INPUT_SECONDS: '0' };
            const openai = { vad: 'off', plan: { httpStatus: 503 } } as const;
            await bench.record({ openai, env, clock }, async (running) => {
                const caller = running.caller({
                    audio: Buffer.concat([Buffer.alloc(16_000, MULAW_SILENCE), SHORT_SPEECH]),
                });
                await caller.dial();
                await until('the chat model is heard', () => caller.heardBytes > 16_000);
                caller.say(SHORT_SPEECH);
                await new Promise((resolve) => setTimeout(resolve, 3500));
                caller.hangUp();
                await caller.ended;
            });
        } finally {
            await service.close();
        }
        const [flight] = bench.flights;
        if (flight === undefined) throw new Error('there is no flight file');
        await replayed(flight);
        const asked = new Set(outputsOf(flight, 'ask').map(([, of]) => of));
        expect([...asked]).toEqual(expect.arrayContaining(['chat check', 'chat', 'voice', 'recognizer']));
    });

    it('are written for the owner alone, in the folder of the day', async () => {
        const bench = flightBench();
        await bench.record({ openai: false, env: { DEFAULT_BOT: 'echo' } }, async (running) => {
            const caller = running.caller();
            await caller.dial();
            caller.hangUp();
            await caller.ended;
        });
        const [file = ''] = bench.files;
        expect(basename(dirname(file))).toMatch(/^\d{4}-\d\d-\d\d$/);
        expect(basename(file)).toMatch(/^[\da-f-]{36}\.flight$/);
        expect(statSync(file).mode & 0o777).toBe(0o600);
        expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
    });

    it('are one in so many', async () => {
        const bench = flightBench();
        await bench.record(
            { openai: false, env: { DEFAULT_BOT: 'echo' } },
            async (running) => {
                for (let number = 0; number < 4; number++) {
                    const caller = running.caller();
                    await caller.dial();
                    caller.hangUp();
                    await caller.ended;
                }
            },
            3,
        );
        expect(bench.files).toHaveLength(2);
    });

    it('a disk that cannot be written to is logged once, and the call notices nothing', async () => {
        const bench = flightBench();
        const config = { flight: { every: 1, folder: '/dev/null/flights' } };
        await bench.record({ openai: false, env: { DEFAULT_BOT: 'echo' }, config }, async (running) => {
            const caller = running.caller({ audio: SPEECH });
            await caller.dial();
            await until('the echo is heard', () => caller.heardBytes > 4000);
            caller.hangUp();
            const { faults } = await caller.ended;
            expect(faults).toEqual([]);
            expect(running.logs.codes.filter((code) => code === 'ERR_FLIGHT_FILE')).toHaveLength(1);
        });
    });
});
