import { botProfileSchema, type BotProfile } from '../../../src/services/profiles/schema';
import type { ProfileStore } from '../../../src/services/profiles/store';
import { BotTools, type BotToolsDeps } from '../../../src/services/functions/bot-tools';
import { CodedError } from '../../../src/support/errors';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';
import { ProfileFolder } from '../profiles/profile-folder';
import { httpTool, smallProfile } from '../profiles/small-profile';
import { tool } from './tool-bench';

const SECRET = httpTool({ name: 'read_secret', headers: { Authorization: 'Bearer ${READ_TOKEN}' } });
const PLAIN = httpTool({ name: 'read_plain' });
const ACTION = { kind: 'data_action', name: 'book', description: 'Books.', actionId: 'custom_-_1' };
const MCP = { kind: 'mcp', label: 'stock', url: 'https://mcp.example.com/', allowedTools: ['count'] };
const CLIENT = { region: 'mypurecloud.de', clientId: 'id', clientSecret: 'shh' };

function profile(...tools: Record<string, unknown>[]): BotProfile {
    return { ...botProfileSchema.parse({ tools }), name: 'desk', version: '0', instructions: '', dialog: undefined };
}

describe('the tools of a bot', () => {
    let logger: LogRecorder;

    beforeEach(() => {
        logger = new LogRecorder();
    });

    function makeTools(changes: Partial<BotToolsDeps> = {}, client?: typeof CLIENT): BotTools {
        return new BotTools(client, { clock: new FakeClock(), logger, env: {}, ...changes });
    }

    it('are all there when the environment has what they need', () => {
        const tools = makeTools({ env: { READ_TOKEN: 'x', MCP_TOKEN: 'y' } }, CLIENT);
        const box = tools.of(
            profile({ kind: 'end_call' }, SECRET, ACTION, { ...MCP, authorizationVariable: 'MCP_TOKEN' }),
        );
        expect(box.names).toEqual(['end_call', 'read_secret', 'book']);
        expect(box.definitions.map((each) => each.type)).toEqual(['function', 'function', 'function', 'mcp']);
        expect(logger.lines).toEqual([]);
        tools.close();
    });

    it('are left out one by one where a variable is not set; the others stay, in their order', () => {
        const lost = { ...MCP, label: 'lost', authorizationVariable: 'MCP_TOKEN' };
        const box = makeTools().of(profile(SECRET, { kind: 'end_call' }, ACTION, lost, PLAIN, MCP));
        expect(box.names).toEqual(['end_call', 'read_plain']);
        expect(box.definitions.map((each) => ('server_label' in each ? each.server_label : each.type))).toEqual([
            'function',
            'function',
            'stock',
        ]);
    });

    it('that are left out are named in one line of the log, with what they lack, for all calls', () => {
        const tools = makeTools();
        const desk = profile(SECRET, ACTION, { kind: 'code', name: 'own_work' }, PLAIN);
        for (let call = 0; call < 3; call++) tools.of(desk);
        expect(logger.lines).toMatchObject([{ level: 'error', fields: { bot: 'desk', code: 'ERR_TOOL' } }]);
        for (const words of ['read_secret', 'READ_TOKEN', 'book', 'GENESYS_CLIENT_ID', 'own_work'])
            expect(logger.text).toContain(words);
        expect(logger.text).not.toContain('read_plain');
    });

    it('are made once for a profile, shared by its calls, and made anew when the profile is edited', () => {
        const bots = new ProfileFolder();
        try {
            bots.write('desk.json', smallProfile({ tools: [PLAIN] }));
            const store = bots.load();
            const tools = makeTools();
            const desk = (): BotProfile => found(store);
            const first = tools.of(desk());
            store.reload();
            expect(tools.of(desk())).toBe(first);
            bots.write('desk.json', smallProfile({ tools: [PLAIN, { kind: 'end_call' }] }));
            store.reload();
            expect(tools.of(desk()).names).toEqual(['read_plain', 'end_call']);
            expect(first.names).toEqual(['read_plain']);
        } finally {
            bots.remove();
        }
    });

    it('that lack something are found again by an edit, and the log says so again', () => {
        const env: Record<string, string> = {};
        const tools = makeTools({ env });
        expect(tools.of(profile(SECRET)).names).toEqual([]);
        expect(tools.of(profile(SECRET)).names).toEqual([]);
        expect(logger.lines).toHaveLength(2);
        env['READ_TOKEN'] = 'x';
        expect(tools.of(profile(SECRET)).names).toEqual(['read_secret']);
        expect(logger.lines).toHaveLength(2);
    });

    it('may be written in code, under the name that the profile calls', () => {
        const own = tool(() => Promise.resolve({ output: 1 }), { name: 'own_work' });
        const tools = makeTools({ functions: [own] });
        expect(tools.of(profile({ kind: 'code', name: 'own_work' })).find('own_work')).toBe(own);
    });

    it('end the start with a region that Genesys Cloud does not have', () => {
        expect(() => makeTools({}, { ...CLIENT, region: 'moon-1' })).toThrow(CodedError);
    });
});

function found(store: ProfileStore): BotProfile {
    const profile = store.get('desk');
    if (profile === undefined) throw new Error('no profile');
    return profile;
}
