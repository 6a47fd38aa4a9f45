import { OFFICE, openingHoursTool } from '../../examples/own-function/opening-hours';
import { loadConfig } from '../../src/config/config';
import {
    BotService,
    type BotRequest,
    type ChosenBot,
    type UnknownBot,
    type BotServiceDeps,
} from '../../src/services/bot-service';
import { EchoBot } from '../../src/services/echo-bot';
import { FallbackLadder } from '../../src/services/fallback/fallback-ladder';
import { LocalBot } from '../../src/speech/local-bot';
import { SilentBot } from '../../src/services/silent-bot';
import { overlapPhrases } from '../../src/services/words';
import { CodedError } from '../../src/support/errors';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';
import { ProfileFolder } from './profiles/profile-folder';
import { httpTool, smallProfile } from './profiles/small-profile';

const WITH_KEY = { OPENAI_API_KEY: 'sk-server', OPENAI_REALTIME_URL: 'wss://model.example.com/v1/realtime' };

describe('BotService', () => {
    let bots: ProfileFolder;
    let logger: LogRecorder;
    let services: BotService[];

    beforeEach(() => {
        bots = new ProfileFolder();
        logger = new LogRecorder();
        services = [];
    });

    afterEach(async () => {
        await Promise.all(services.map((service) => service.close()));
        bots.remove();
    });

    function make(env: Record<string, string> = {}, deps: Partial<BotServiceDeps> = {}): BotService {
        const config = loadConfig({ BOTS_FOLDER: bots.path, ...env });
        const service = new BotService(config, { clock: new FakeClock(), logger, env: {}, ...deps });
        services.push(service);
        return service;
    }

    async function choose(service: BotService, request: Partial<BotRequest>): Promise<ChosenBot | UnknownBot> {
        const call = { logger: logger.child({ call: 1 }) };
        const chosen = await service.getBotIfExists({ connectionUrl: '/', conversationId: 'c', ...request }, call);
        if (!('unknown' in chosen)) chosen.conversation.end();
        return chosen;
    }

    async function found(service: BotService, name: string, request: Partial<BotRequest> = {}): Promise<ChosenBot> {
        const chosen = await choose(service, { connectionUrl: `/?bot=${name}`, ...request });
        if ('unknown' in chosen) throw new Error(`no bot ${chosen.unknown}`);
        return chosen;
    }

    it('warns at start of registered functions that no profile names, and so no bot has', () => {
        const { name, ...other } = openingHoursTool(OFFICE, new FakeClock());
        const functions = [
            { name, ...other },
            { ...other, name: 'unused' },
        ];
        const warnings = () => logger.lines.filter(({ fields }) => fields['code'] === 'ERR_TOOL');
        bots.write('desk.json', { ...smallProfile(), tools: [{ kind: 'code', name }] });
        make({}, { functions });
        expect(warnings().map(({ fields }) => fields['functions'])).toEqual([['unused']]);
        make({}, { functions: functions.slice(0, 1) });
        expect(warnings()).toHaveLength(1);
    });

    it('names the profiles first, and then the bots that need none', () => {
        bots.write('zoo.json', smallProfile());
        bots.write('Desk.json', smallProfile());
        expect(make().names).toEqual(['Desk', 'zoo', 'openai', 'local', 'echo', 'silent']);
        expect(make({ BOTS_FOLDER: 'off' }).names).toEqual(['openai', 'local', 'echo', 'silent']);
    });

    it('refuses a DEFAULT_BOT that no bot has, and says which one was probably meant', () => {
        bots.write('billing.json', smallProfile());
        let fault: unknown;
        try {
            make({ DEFAULT_BOT: 'biling' });
        } catch (thrown) {
            fault = thrown;
        }
        expect(fault).toMatchObject({ code: 'ERR_CONFIG' });
        expect(String(fault)).toContain('DEFAULT_BOT is "biling", and there is no such bot; did you mean billing?');
        expect(make({ DEFAULT_BOT: 'desk' }, { bots: { desk: () => new EchoBot() } }).defaultName).toBe('desk');
    });

    it('warns at start of a voice that the local engine lacks and of a language that it cannot read', () => {
        bots.write('desk.json', { ...smallProfile(), language: 'de-DE', speech: { voice: 'de' } });
        make();
        const warned = logger.lines.filter(({ level }) => level === 'warn');
        expect(warned).toMatchObject(
            [
                {
                    fields: { code: 'ERR_TTS_VOICE', bot: 'desk' },
                    message: /speech.voice is "de": flite has rms and slt/,
                },
                { fields: { code: 'ERR_TTS_LANGUAGE', bot: 'desk' }, message: /flite reads English only/ },
            ].map((line) => ({ ...line, message: expect.stringMatching(line.message) as string })),
        );
    });

    it('warns at start of a model that ends within 90 days, of the server and of a profile', () => {
        bots.write('desk.json', { ...smallProfile(), realtime: { model: 'gpt-realtime-mini' } });
        const url = 'wss://model.example.com/v1/realtime';
        make({ OPENAI_API_KEY: 'sk', OPENAI_REALTIME_URL: url, OPENAI_REALTIME_MODEL: 'gpt-realtime-2025-08-28' });
        expect(logger.lines.filter((line) => line.fields['code'] === 'ERR_MODEL_ENDS')).toMatchObject([
            {
                level: 'warn',
                fields: { bot: 'desk' },
                message: expect.stringContaining('gpt-realtime-mini ends on') as string,
            },
            {
                level: 'warn',
                message: expect.stringContaining('OPENAI_REALTIME_MODEL: the model gpt-realtime-2025') as string,
            },
        ]);
    });

    it('answers a call that names no bot by DEFAULT_BOT, the profile default, the model, or the local bot', () => {
        expect([make().defaultName, make(WITH_KEY).defaultName]).toEqual(['local', 'openai']);
        bots.write('default.json', smallProfile());
        expect([make().defaultName, make(WITH_KEY).defaultName]).toEqual(['default', 'default']);
        expect(make({ ...WITH_KEY, DEFAULT_BOT: 'echo' }).defaultName).toBe('echo');
    });

    it('makes each bot that needs no profile', async () => {
        const service = make(WITH_KEY);
        expect((await found(service, 'openai')).conversation).toBeInstanceOf(FallbackLadder);
        expect((await found(service, 'local')).conversation).toBeInstanceOf(LocalBot);
        expect((await found(service, 'echo')).conversation).toBeInstanceOf(EchoBot);
        expect((await found(service, 'silent')).conversation).toBeInstanceOf(SilentBot);
    });

    it('has no bot that lives on a model without a key, and a profile is a local bot then', async () => {
        bots.write('desk.json', smallProfile());
        const service = make();
        expect(await choose(service, { connectionUrl: '/?bot=openai' })).toEqual({ unknown: 'openai' });
        expect((await found(service, 'desk')).conversation).toBeInstanceOf(LocalBot);
    });

    it('gives each call the terms of its profile, and variables of its own', async () => {
        const turnTaking = { maxTurns: 3, noInputSeconds: 4, maxCallMinutes: 2 };
        bots.write('desk.json', smallProfile({ turnTaking, outputVariables: { topic: { maxLength: 5 } } }));
        const service = make({ ...WITH_KEY, MAX_TURNS: '50', MAX_COST_USD: '1' });
        const [first, second] = [await found(service, 'desk'), await found(service, 'desk')];
        expect(first.turnTaking).toMatchObject({ maxTurns: 3, noInputMs: 4000, maxCostUsd: 1 });
        expect(first.maxCallMinutes).toBe(2);
        first.variables.set('topic', 'bill');
        expect([first.variables.entries(), second.variables.entries()]).toMatchObject([{ topic: 'bill' }, {}]);
        expect(second.variables.get('topic')).toBeUndefined();
        expect(typeof second.variables.set('topic', 'too long')).toBe('string');
        expect((await found(service, 'openai')).turnTaking.maxTurns).toBe(50);
    });

    it('gives a bot without a profile the phrases of all languages that callers say over it', async () => {
        const service = make({ ...WITH_KEY, BARGE_IN: 'smart' });
        for (const name of ['openai', 'local', 'echo'])
            expect((await found(service, name)).turnTaking.bargeIn).toEqual({
                mode: 'smart',
                ...overlapPhrases(undefined),
            });
    });

    it('logs which input variables are not right by name, with the call’s ids, and no value', async () => {
        const inputVariables = { name: { maxLength: 5 }, due: { type: 'date' }, id: { required: true } };
        bots.write('desk.json', smallProfile({ inputVariables }));
        const given = { name: 'Featherstone', due: 'tomorrow', other: 'private' };
        await found(make(WITH_KEY), 'desk', { inputVariables: given });
        const line = logger.lines.find(({ fields }) => fields['code'] === 'ERR_INPUT_VARIABLES');
        const { missing, cut, unfit, call } = line?.fields ?? {};
        expect({ missing, cut, unfit, call }).toEqual({ missing: ['id'], cut: ['name'], unfit: ['due'], call: 1 });
        const ignored = logger.lines.filter(({ fields }) => 'ignored' in fields).map(({ fields }) => fields['ignored']);
        expect(ignored).toEqual([['other']]);
        for (const value of Object.values(given)) expect(logger.text).not.toContain(value);
    });

    it('answers by the local bot where the way to a model cannot be used, and logs why without the key', async () => {
        const upstream = { url: 'wss://model.example.com/v1', keyVariable: 'DESK_KEY' };
        bots.write('desk.json', smallProfile({ upstream }));
        const service = make(WITH_KEY, { env: { DESK_KEY: 'two words of a key' } });
        expect((await found(service, 'desk')).conversation).toBeInstanceOf(LocalBot);
        const line = logger.lines.find(({ level }) => level === 'error');
        expect(line?.fields).toMatchObject({ bot: 'desk', code: 'ERR_CONFIG' });
        expect(logger.text).not.toContain('two words');
    });

    it('leaves out a tool that lacks its variable, says so once, and answers all the same', async () => {
        const headers = { Authorization: 'Bearer ${SHOP_TOKEN}' };
        bots.write('desk.json', smallProfile({ tools: [httpTool({ headers })] }));
        const service = make(WITH_KEY);
        await found(service, 'desk');
        await found(service, 'desk');
        const lines = logger.lines.filter(({ fields }) => fields['code'] === 'ERR_TOOL');
        expect(lines).toHaveLength(1);
        expect(JSON.stringify(lines)).toContain('SHOP_TOKEN');
    });

    it.each(['openai', 'local', 'echo', 'silent'])(
        'does not start with a profile that takes the name of %s',
        (name) => {
            bots.write(`${name}.json`, smallProfile());
            expect(() => make()).toThrow(`bots/${name}.json: ${name} is the name of a bot of the server`);
        },
    );

    it('does not start with a profile that is broken, and names each wrong place', () => {
        bots.write('desk.json', smallProfile({ voice: 'x', tools: [{ kind: 'zip' }] }));
        expect(() => make()).toThrow(CodedError);
        expect(() => make()).toThrow(/bots\/desk\.json: tools\.0.*\n.*bots\/desk\.json: voice/);
    });
});
