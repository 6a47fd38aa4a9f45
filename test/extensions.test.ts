import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CallerAudioBuffer } from '../src/audio/caller-audio-buffer';
import { loadConfig } from '../src/config/config';
import { extensionProblems, loadExtensions } from '../src/extensions';
import type { BotCallContext } from '../src/services/bot-registry';
import { BotService, type BotRequest } from '../src/services/bot-service';
import { CodedError } from '../src/support/errors';
import { Server } from '../src/websocket/server';
import { ProfileFolder } from './services/profiles/profile-folder';
import { httpTool, smallProfile } from './services/profiles/small-profile';
import { FakeClock } from './support/fake-clock';
import { FakeConversation } from './support/fake-conversation';
import { LogRecorder } from './support/log-recorder';
import { testConfig } from './support/test-config';

const OWN_FUNCTION = join(__dirname, '../examples/own-function/extensions.ts');
const OBJECT_SCHEMA = { type: 'object', properties: {}, additionalProperties: false };

/** A function in code that is right, but for the changes. */
function codeFunction(changes: object = {}): object {
    const run = (): Promise<unknown> => Promise.resolve({ output: 1 });
    return { name: 'lookup', description: 'Looks it up.', parameters: OBJECT_SCHEMA, run, ...changes };
}

/** An engine that has every method of a recognizer and of a voice. */
function engine(): Record<string, unknown> & { closed: number } {
    const made = {
        kind: 'own',
        voice: 'own',
        closed: 0,
        recognize: () => Promise.resolve(undefined),
        speak: () => [],
        warm: () => Promise.resolve(),
        close: () => Promise.resolve(void (made.closed += 1)),
    };
    return made;
}

/** The error of something that must be refused. */
function refusal(make: () => unknown): CodedError {
    try {
        make();
    } catch (fault) {
        if (fault instanceof CodedError) return fault;
        throw fault;
    }
    throw new Error('it was not refused');
}

describe('an extension module', () => {
    let folder: string;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'extensions-'));
    });

    afterEach(() => {
        rmSync(folder, { recursive: true });
    });

    function module(text: string): string {
        const path = join(folder, 'mine.cjs');
        writeFileSync(path, text);
        return path;
    }

    it('registers a function', async () => {
        const { functions } = await loadExtensions(OWN_FUNCTION);
        expect(functions?.map(({ name }) => name)).toEqual(['opening_hours']);
    });

    it('that is not there, or cannot be read, is refused with its path', async () => {
        await expect(loadExtensions('no/such.ts')).rejects.toMatchObject({ code: 'ERR_EXTENSIONS' });
        const path = module('module.exports = {');
        await expect(loadExtensions(path)).rejects.toThrow(`${path}: it cannot be loaded`);
    });

    it('that throws while it is loaded is refused with its path and its reason', async () => {
        const path = module('throw new Error("VAULT_URL is not set.")');
        await expect(loadExtensions(path)).rejects.toThrow(`${path}: it cannot be loaded: VAULT_URL is not set.`);
    });

    it('is refused with its path and every wrong key', async () => {
        const path = module('module.exports = { bots: { desk: "echo" }, voices: {}, secrets: {} }');
        const fault = await loadExtensions(path).catch((error: unknown) => error);
        expect(fault).toMatchObject({ code: 'ERR_EXTENSIONS' });
        expect(String(fault)).toContain(`\n  - ${path}: bots.desk: must be a function (call) => Conversation`);
        expect(String(fault)).toContain(`\n  - ${path}: voices: there is no such extension`);
        expect(String(fault)).toContain(`\n  - ${path}: secrets: must have the method getSecretsForKey`);
    });

    it.each([undefined, null, 'text', 7, []])('must export an object, not %j', (given) => {
        expect(extensionProblems(given)).toEqual(['its default export must be an object']);
    });

    it('may leave each key out or undefined', () => {
        expect(extensionProblems({})).toEqual([]);
        expect(extensionProblems({ bots: undefined, functions: undefined, secrets: undefined })).toEqual([]);
    });
});

describe('the shape of an extension', () => {
    it.each([
        [{ voices: {} }, 'voices: there is no such extension (bots, functions, secrets, recognizer, voice)'],
        [{ bots: [] }, 'bots: must be an object: name → (call) => Conversation'],
        [{ bots: { mine: 1 } }, 'bots.mine: must be a function (call) => Conversation'],
        [{ functions: {} }, 'functions: must be a list of functions'],
        [{ secrets: { get: 1 } }, 'secrets: must have the method getSecretsForKey(apiKey)'],
        [{ recognizer: engine() }, 'recognizer: must be a function (deps) => SpeechToText'],
        [{ voice: 'slt' }, 'voice: must be a function (deps) => SpeechEngine'],
    ])('of %j is refused', (given, sentence) => {
        expect(extensionProblems(given)).toEqual([sentence]);
    });
});

describe('a function in code', () => {
    it.each([
        [{ name: '' }, 'functions.0.name: must be 1 to 64 letters, digits, "_" and "-", a letter first'],
        [{ name: '1st' }, 'functions.0 (1st).name: must be 1 to 64 letters, digits, "_" and "-", a letter first'],
        [{ name: 'end_call' }, 'functions.0 (end_call).name: the server has a function of this name; rename it'],
        [
            { name: 'set_variable' },
            'functions.0 (set_variable).name: the server has a function of this name; rename it',
        ],
        [{ description: 7 }, 'functions.0 (lookup).description: must be text: when to use it, in words for the model'],
        [{ parameters: [] }, 'functions.0 (lookup).parameters: must be a JSON Schema of the type "object"'],
        [
            { parameters: { type: 'string' } },
            'functions.0 (lookup).parameters: must be a JSON Schema of the type "object"',
        ],
        [{ run: 'now' }, 'functions.0 (lookup).run: must be a function (args, call, signal) => Promise'],
        [{ run: undefined }, 'functions.0 (lookup).run: must be a function (args, call, signal) => Promise'],
        [{ limitMs: '8 s' }, 'functions.0 (lookup).limitMs: must be a number of milliseconds above 0'],
        [{ limitMs: 0 }, 'functions.0 (lookup).limitMs: must be a number of milliseconds above 0'],
        [{ filler: true }, 'functions.0 (lookup).filler: must be text, or false'],
    ])('with %j is refused by its name', (changes, sentence) => {
        expect(extensionProblems({ functions: [codeFunction(changes)] })).toEqual([sentence]);
    });

    it('must be an object', () => {
        expect(extensionProblems({ functions: [null] })).toEqual(['functions.0: must be an object']);
    });

    it('may be an object of a class, whose run is inherited', () => {
        class Lookup {
            readonly name = 'lookup';
            readonly description = 'Looks it up.';
            readonly parameters = OBJECT_SCHEMA;
            run(): Promise<{ output: number }> {
                return Promise.resolve({ output: this.name.length });
            }
        }
        expect(extensionProblems({ functions: [new Lookup()] })).toEqual([]);
    });

    it.each([
        { type: 'object', properties: { day: { type: 'weekday' } } },
        { type: 'object', properties: { day: { type: 'string', pattern: '(' } } },
        { type: 'object', properties: {}, requird: [] },
    ])(
        'with the schema %j, which no argument could be checked against, is refused before the first call',
        (parameters) => {
            const [problem = '', ...others] = extensionProblems({ functions: [codeFunction({ parameters })] });
            expect(problem).toMatch(/^functions\.0 \(lookup\)\.parameters: is no JSON Schema that can be used: ./);
            expect(others).toEqual([]);
        },
    );

    it('with a nested quantifier in a pattern is refused before the first call', () => {
        const parameters = { type: 'object', properties: { day: { type: 'string', pattern: '(a*)*' } } };
        expect(extensionProblems({ functions: [codeFunction({ parameters })] })).toEqual([
            expect.stringMatching(
                /^functions\.0 \(lookup\)\.parameters: the parameter day of the tool lookup has .*"\(a\*\)\*"/,
            ),
        ]);
    });

    it('may not have the name of another one', () => {
        expect(extensionProblems({ functions: [codeFunction(), codeFunction({ name: 'b' }), codeFunction()] })).toEqual(
            ['functions.2 (lookup).name: functions.0 has this name already; rename one of them'],
        );
    });
});

describe('new Server', () => {
    function make(deps: object): Server {
        return new Server({ config: testConfig(), logger: new LogRecorder(), ...deps });
    }

    it.each([
        [{ bot: {} }, 'bot: there is no such option (bots, functions, secrets, recognizer, voice, config'],
        [{ bots: { mine: 'echo' } }, 'bots.mine: must be a function (call) => Conversation'],
        [{ functions: [codeFunction({ run: 1 })] }, 'functions.0 (lookup).run: must be a function'],
        [{ secrets: new Map() }, 'secrets: must have the method getSecretsForKey(apiKey)'],
        [{ recognizer: engine() }, 'recognizer: must be a function (deps) => SpeechToText'],
        [{ config: 'bots/' }, 'config: must be what loadConfig returns'],
        [{ logger: { info: () => undefined } }, 'logger: must have the methods debug, info, warn, error and child'],
        [{ clock: Date }, 'clock: must have the methods nowMs, epochMs and after'],
        [{ authenticator: () => true }, 'authenticator: must have the method authenticate'],
        [{ botService: {} }, 'botService: must be a BotService'],
        [{ createSession: {} }, 'createSession: must be a function (ws, call) => ServedSession'],
        [{ limits: 5 }, 'limits: must be an object'],
        [{ server: 8080 }, 'server: must be an HTTP or HTTPS server of Node.js'],
    ])('refuses %j', (deps, sentence) => {
        const { code, message } = refusal(() => make(deps));
        expect(code).toBe('ERR_EXTENSIONS');
        expect(message).toContain(`\n  - new Server: ${sentence}`);
    });

    it('refuses extensions beside a bot service, which would not know them', async () => {
        const clock = new FakeClock();
        const botService = new BotService(testConfig(), { clock, logger: new LogRecorder() });
        const { message } = refusal(() => make({ botService, bots: { desk: () => new FakeConversation() } }));
        expect(message).toContain('\n  - new Server: bots: give it to the BotService instead');
        await botService.close();
    });

    it.each(['openai', 'local', 'echo', 'silent'])('refuses a bot with the name of the built-in bot %s', (name) => {
        const { code, message } = refusal(() => make({ bots: { [name]: () => new FakeConversation() } }));
        expect(code).toBe('ERR_EXTENSIONS');
        expect(message).toContain(`bots.${name}: the server has a bot of this name`);
    });

    it.each(['two words', '', 'ä'])('refuses "%s" as the name of a bot', (name) => {
        const { code, message } = refusal(() => make({ bots: { [name]: () => new FakeConversation() } }));
        expect(code).toBe('ERR_EXTENSIONS');
        expect(message).toContain(`bots.${name}: `);
    });
});

describe('the names of extensions and profiles', () => {
    let profiles: ProfileFolder;
    let logger: LogRecorder;
    let services: BotService[];

    beforeEach(() => {
        profiles = new ProfileFolder();
        logger = new LogRecorder();
        services = [];
    });

    afterEach(async () => {
        await Promise.all(services.map((service) => service.close()));
        profiles.remove();
    });

    function make(deps: object): BotService {
        const config = loadConfig({ BOTS_FOLDER: profiles.path });
        const service = new BotService(config, { clock: new FakeClock(), logger, env: {}, ...deps });
        services.push(service);
        return service;
    }

    it('a registered bot and a profile cannot share a name', () => {
        profiles.write('desk.json', smallProfile());
        const { code, message } = refusal(() => make({ bots: { desk: () => new FakeConversation() } }));
        expect(code).toBe('ERR_PROFILE');
        expect(message).toContain('bots/desk.json: desk is the name of a bot that is registered in code');
    });

    it('a registered function and a tool of a profile cannot share a name', () => {
        profiles.write('desk.json', smallProfile({ tools: [httpTool({ name: 'lookup' })] }));
        const { code, message } = refusal(() => make({ functions: [codeFunction()] }));
        expect(code).toBe('ERR_PROFILE');
        expect(message).toContain(
            'bots/desk.json: tools.0.name: lookup is the name of a function that is registered in code; right is another name, or the kind "code"',
        );
    });

    it('an edit that takes the name of a registered function leaves the last good profile', () => {
        profiles.write('desk.json', smallProfile());
        const store = profiles.load({ functions: new Set(['lookup']) });
        profiles.write('desk.json', smallProfile({ tools: [httpTool({ name: 'lookup' })] }));
        store.reload();
        expect(profiles.log.lines).toMatchObject([{ level: 'warn', fields: { code: 'ERR_PROFILE', bot: 'desk' } }]);
    });

    it('a profile names a registered function by the kind code', () => {
        profiles.write('desk.json', smallProfile({ tools: [{ kind: 'code', name: 'lookup' }] }));
        make({ functions: [codeFunction()] });
        expect(logger.lines).toEqual([]);
    });

    it('a profile that names a function that is not registered is warned of at start', () => {
        profiles.write('desk.json', smallProfile({ tools: [{ kind: 'code', name: 'lookup' }] }));
        make({});
        expect(logger.lines).toMatchObject([
            { level: 'warn', fields: { code: 'ERR_TOOL', bot: 'desk', functions: ['lookup'] } },
        ]);
    });
});

describe('an own recognizer and an own voice', () => {
    let logger: LogRecorder;

    beforeEach(() => {
        logger = new LogRecorder();
    });

    function make(env: Record<string, string>, deps: object = {}): BotService {
        const config = loadConfig({ BOTS_FOLDER: 'off', ...env });
        return new BotService(config, { clock: new FakeClock(), logger, env: {}, ...deps });
    }

    it.each([
        ['LOCAL_ASR', 'recognizer'],
        ['LOCAL_TTS', 'voice'],
    ])('%s=custom without a registered engine is refused at start', (setting, part) => {
        const { code, message } = refusal(() => make({ [setting]: 'custom' }));
        expect(code).toBe('ERR_CONFIG');
        expect(message).toContain(`${setting} is \`custom\`, and no extension registers a ${part}: `);
    });

    it.each([
        ['LOCAL_ASR', 'recognizer', 'none'],
        ['LOCAL_TTS', 'voice', 'flite'],
    ])('an engine that %s does not choose is warned of, and never made', async (setting, part, chosen) => {
        let made = 0;
        const service = make({}, { [part]: () => engine()[`${made++}`] });
        const message = `a ${part} is registered and not used: ${setting} is \`${chosen}\`, and \`custom\` chooses it`;
        expect(logger.lines).toMatchObject([{ level: 'warn', fields: { code: 'ERR_CONFIG' }, message }]);
        expect(made).toBe(0);
        await service.close();
    });

    it.each([
        ['LOCAL_ASR', 'recognizer'],
        ['LOCAL_TTS', 'voice'],
    ])('one that %s chooses is made at start, and closed also when no call needed it', async (setting, part) => {
        const made = engine();
        const service = make({ [setting]: 'custom' }, { [part]: () => made });
        expect(logger.lines).toEqual([]);
        await service.close();
        expect(made.closed).toBe(1);
    });

    it.each([
        ['LOCAL_ASR', 'recognizer', { ...engine(), recognize: 1 }, 'kind, recognize and close (SpeechToText)'],
        ['LOCAL_ASR', 'recognizer', undefined, 'kind, recognize and close (SpeechToText)'],
        ['LOCAL_TTS', 'voice', { ...engine(), warm: undefined }, 'kind, voice, speak, warm and close (SpeechEngine)'],
        ['LOCAL_TTS', 'voice', Promise.resolve(engine()), 'kind, voice, speak, warm and close (SpeechEngine)'],
    ])('%s: what %s makes must be an engine', (setting, part, made, shape) => {
        const { code, message } = refusal(() => make({ [setting]: 'custom' }, { [part]: () => made }));
        expect(code).toBe('ERR_EXTENSIONS');
        expect(message).toContain(`${part}: must make an object with ${shape}`);
    });

    it('is closed again when the other one is refused', () => {
        const own = engine();
        const env = { LOCAL_ASR: 'custom', LOCAL_TTS: 'custom' };
        expect(refusal(() => make(env, { recognizer: () => own, voice: () => ({}) })).message).toContain('voice: ');
        expect(own.closed).toBe(1);
    });

    it('is not made when a name is refused', () => {
        let made = 0;
        const voice = (): object => engine()[`${made++}`] as object;
        expect(() => make({ LOCAL_TTS: 'custom' }, { voice, bots: { echo: () => undefined } })).toThrow('bots.echo: ');
        expect(made).toBe(0);
    });

    it('that cannot be made is refused at start with its own code, or with the reason', () => {
        const coded = new CodedError('ERR_TTS_VOICE', 'zz.');
        const fails = (fault: Error) => (): never => {
            throw fault;
        };
        expect(refusal(() => make({ LOCAL_TTS: 'custom' }, { voice: fails(coded) }))).toBe(coded);
        const { code, message } = refusal(() =>
            make({ LOCAL_ASR: 'custom' }, { recognizer: fails(new Error('no model')) }),
        );
        expect(code).toBe('ERR_EXTENSIONS');
        expect(message).toContain('recognizer: it cannot be made: no model');
    });
});

describe('the call that a bot of your own is made for', () => {
    const PARTICIPANT = { id: 'p', ani: '+4930123456', aniName: '', dnis: '+4940123456' };
    let logger: LogRecorder;
    let given: BotCallContext[];

    beforeEach(() => {
        logger = new LogRecorder();
        given = [];
    });

    async function choose(request: Partial<BotRequest>, fault?: Error): Promise<unknown> {
        const create = (call: BotCallContext): FakeConversation => {
            given.push(call);
            if (fault !== undefined) throw fault;
            return new FakeConversation();
        };
        const config = loadConfig({ BOTS_FOLDER: 'off' });
        const deps = { clock: new FakeClock(), logger, env: {}, bots: { desk: create } };
        const service = new BotService(config, deps);
        try {
            const call = { logger: logger.child({ call: 1 }) };
            return await service.getBotIfExists(
                { connectionUrl: '/?bot=desk', conversationId: 'c-1', ...request },
                call,
            );
        } finally {
            await service.close();
        }
    }

    it('says who calls, in which language, and with which input variables', async () => {
        const inputVariables = { name: ' Ada\u200b \n Lovelace ', empty: '', count: 3, list: [1] };
        await choose({ inputVariables, language: 'de-DE', participant: PARTICIPANT, customConfig: '{"a":1}' });
        expect(given).toMatchObject([
            {
                botName: 'desk',
                conversationId: 'c-1',
                language: 'de-DE',
                participant: PARTICIPANT,
                customConfig: '{"a":1}',
            },
        ]);
        expect({ ...given[0]?.inputVariables }).toEqual({ name: 'Ada Lovelace', empty: '', count: '3' });
    });

    it('has no input variables, language and participant where the call gives none', async () => {
        await choose({ inputVariables: 'text' });
        expect({ ...given[0]?.inputVariables }).toEqual({});
        expect([given[0]?.language, given[0]?.participant, given[0]?.customConfig]).toEqual([
            undefined,
            undefined,
            undefined,
        ]);
    });

    it('is bounded: no input variable is longer than 4000 characters', async () => {
        await choose({ inputVariables: { long: 'x'.repeat(5000) } });
        expect(given[0]?.inputVariables['long']).toHaveLength(4000);
    });

    it('has output variables that reach Architect, the transcript and the caller audio of the call', async () => {
        const chosen = await choose({});
        given[0]?.variables.set('topic', 'bill');
        expect(chosen).toMatchObject({ variables: given[0]?.variables });
        expect(given[0]?.variables.get('topic')).toBe('bill');
        expect(given[0]?.transcript.lines).toEqual([]);
        expect(given[0]?.callerAudio).toBeInstanceOf(CallerAudioBuffer);
    });

    it('is logged with the chosen bot before the bot is made, so that one that cannot be made is seen', async () => {
        await expect(choose({}, new Error('no bot today'))).rejects.toThrow('no bot today');
        expect(logger.lines).toMatchObject([
            { level: 'info', fields: { bot: 'desk', by: 'query', call: 1 }, message: 'bot chosen' },
        ]);
    });
});

describe('secrets of your own in production', () => {
    const before = { ...process.env };

    beforeEach(() => {
        process.env = { ...before, NODE_ENV: 'production', PORT: '0', BOTS_FOLDER: 'off' };
        delete process.env['AUDIOHOOK_API_KEYS'];
        delete process.env['AUDIOHOOK_API_KEYS_FILE'];
    });

    afterEach(() => {
        process.env = before;
    });

    const secrets = { getSecretsForKey: () => undefined };

    it('are enough for new Server: no API key is configured', async () => {
        const server = new Server({ logger: new LogRecorder(), secrets });
        await server.start();
        expect(server.address?.port).toBeGreaterThan(0);
        await server.stop();
    });

    it('are enough beside a configuration that is loaded for them', async () => {
        const config = loadConfig(process.env, { hasSecretProvider: true });
        const server = new Server({ config, logger: new LogRecorder(), secrets });
        await server.start();
        await server.stop();
    });

    it('are missed by new Server where no key is configured', () => {
        expect(refusal(() => new Server({ logger: new LogRecorder() })).code).toBe('ERR_DEV_KEYS_REFUSED');
    });

    it('are missed at start where the module of EXTENSIONS registers none', async () => {
        const config = loadConfig({ ...process.env, EXTENSIONS: 'mine.js' });
        expect(config.apiKeys).toEqual({ kind: 'none' });
        const server = new Server({ config, logger: new LogRecorder() });
        await expect(server.start()).rejects.toMatchObject({ code: 'ERR_DEV_KEYS_REFUSED' });
        await server.stop();
    });
});
