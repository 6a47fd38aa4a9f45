import { problemSentences } from '../../../src/services/profiles/rules';
import { botProfileSchema, type ProfileSettings } from '../../../src/services/profiles/schema';
import { DIALOG_VARIABLES, httpTool, smallProfile, unnamedDialog } from './small-profile';

function problems(changes: Record<string, unknown>): string[] {
    const result = botProfileSchema.safeParse(smallProfile(changes));
    return result.success ? [] : problemSentences(result.error.issues);
}

function read(changes: Record<string, unknown> = {}): ProfileSettings {
    return botProfileSchema.parse(smallProfile(changes));
}

describe('a bot profile', () => {
    it('needs nothing: what it does not say is the server’s', () => {
        expect(read()).toEqual({
            instructions: 'You are a bot on the telephone.',
            inputVariables: {},
            outputVariables: {},
            tools: [{ kind: 'end_call' }, { kind: 'collect_digits' }],
        });
        expect(botProfileSchema.parse({}).instructions).toBeUndefined();
    });

    it('can say that the bot does nothing but talk, and that it waits for the caller', () => {
        expect(read({ tools: [], greeting: '' })).toMatchObject({ tools: [], greeting: '' });
    });

    it('is taken with every setting that there is', () => {
        const all = {
            $schema: './bot-profile.schema.json',
            description: 'Everything.',
            instructions: { file: 'more/all.md' },
            greeting: 'Say hello to {{customer_name}}.',
            greetingProtected: true,
            language: 'es-419',
            realtime: {
                model: 'gpt-realtime-2.1',
                voice: 'voice_abc',
                speed: 1.1,
                reasoningEffort: 'low',
                maxOutputTokens: 800,
                audioFormat: 'pcmu',
                turnDetection: { type: 'semantic_vad' },
                transcription: {
                    model: 'gpt-transcribe',
                    languages: ['es', 'en'],
                    keywords: ['IBAN'],
                    prompt: 'Calls about bills.',
                },
                noiseReduction: 'far_field',
                noiseReductionStrength: 0.5,
                truncation: { retentionRatio: 0.8, tokensAfterInstructions: 8000 },
                toolChoice: { function: 'find' },
                parallelToolCalls: false,
                tracing: { workflowName: 'Bills' },
            },
            upstream: {
                azure: { endpoint: 'https://mine.openai.azure.com', deployment: 'talk' },
                keyVariable: 'AZURE_KEY_2',
            },
            turnTaking: {
                noInputSeconds: 8,
                reprompts: 1,
                deadAirSeconds: 4,
                maxTurns: 30,
                maxCostUsd: 1.5,
                maxCallMinutes: 10,
            },
            bargeIn: { mode: 'smart', backchannels: ['roger'], alwaysYield: ['talk to Anna'] },
            digits: { terminator: 'none', singleKeys: '0*', maxDigits: 8, interDigitSeconds: 2, totalSeconds: 20 },
            ...DIALOG_VARIABLES,
            tools: [
                { kind: 'end_call' },
                { kind: 'transfer_to_agent', reasons: ['other'], queues: ['Sales'] },
                { kind: 'collect_digits' },
                { kind: 'set_variable', variables: ['message'] },
                httpTool({ setVariables: { message: 'order.state' }, response: { pick: { state: 'order.state' } } }),
                { kind: 'data_action', name: 'find', description: 'Finds.', actionId: 'custom_-_1' },
                {
                    kind: 'mcp',
                    label: 'docs',
                    url: 'https://mcp.example.com/sse',
                    allowedTools: ['look_up'],
                    authorizationVariable: 'MCP_TOKEN',
                },
                { kind: 'mcp', label: 'inside', tunnelId: `tunnel_${'0'.repeat(32)}`, allowedTools: ['look_up'] },
                { kind: 'code', name: 'opening_hours' },
            ],
            dialog: unnamedDialog(),
            speech: { voice: 'slt' },
        };
        expect(problems(all)).toEqual([]);
        expect(read(all).tools[5]).toMatchObject({ timeoutMs: 8000, maxCallsPerCall: 10 });
    });

    it.each([
        ['a setting that it does not know', { voise: 'marin' }, 'voise: there is no such setting'],
        ['one deep inside', { realtime: { vad: 1 } }, 'realtime.vad: there is no such setting'],
        ['a kind of value that does not fit', { instructions: 5 }, 'instructions: must be text or an object'],
        ['nothing where something must be', { instructions: '' }, /^instructions: /],
        ['a voice that the model lacks', { realtime: { voice: 'onyx' } }, /^realtime\.voice: /],
        [
            'a word that is none of the few',
            { realtime: { noiseReduction: 'on' } },
            'realtime.noiseReduction: must be one of "off", "near_field", "far_field"',
        ],
        [
            'an amount of speech in a mode without one',
            { bargeIn: { mode: 'smart' }, turnTaking: { bargeInMinSpeechMs: 0 } },
            'bargeIn: has the mode "smart", and turnTaking.bargeInMinSpeechMs goes only with "instant"',
        ],
        [
            'phrases in a mode without them',
            { bargeIn: { mode: 'off', alwaysYield: ['Anna'] } },
            'bargeIn: has phrases, and the mode "off"; they go only with "smart"',
        ],
        [
            'phrases where the amount of speech decides',
            { bargeIn: { backchannels: ['roger'] }, turnTaking: { bargeInMinSpeechMs: 300 } },
            'bargeIn: has phrases, and the mode "instant"; they go only with "smart"',
        ],
        [
            'a phrase in both lists',
            { bargeIn: { backchannels: ['roger'], alwaysYield: ['Roger!'] } },
            'bargeIn: has "Roger!" twice',
        ],
        [
            'a phrase without a letter',
            { bargeIn: { backchannels: ['?!'] } },
            'bargeIn.backchannels.0: must have a letter',
        ],
        ['a long phrase', { bargeIn: { alwaysYield: ['a'.repeat(41)] } }, /^bargeIn\.alwaysYield\.0: /],
        ['many phrases', { bargeIn: { backchannels: Array.from({ length: 51 }, (_, n) => `w${n}`) } }, /^bargeIn\./],
        ['a tool of no kind', { tools: [{ kind: 'zip' }] }, /^tools\.0\.kind: must be one of 'end_call' \|/],
        ['a tool without its address', { tools: [httpTool({ url: undefined })] }, 'tools.0.url: is missing'],
        [
            'a language that is none, in one of two forms',
            { realtime: { transcription: { language: 'English' } } },
            'realtime.transcription.language: must be a language code of two or three small letters',
        ],
        ['instructions outside the folder', { instructions: { file: '../secret.md' } }, /^instructions\.file: /],
        ['instructions at an absolute path', { instructions: { file: '/etc/hosts.md' } }, /^instructions\.file: /],
        ['a slip of the pen in a placeholder', { greeting: 'Hi {{first name}}' }, /^greeting: has double braces/],
        [
            'a placeholder that is not declared',
            { instructions: 'Hi {{who}}' },
            /^instructions: {{who}} is not declared/,
        ],
        [
            'a variable with a name of the server',
            { outputVariables: { end_reason: {} } },
            /^outputVariables\.end_reason: /,
        ],
        ['a variable with no usable name', { inputVariables: { 'a b': {} } }, /^inputVariables\.a b: must be letters/],
        [
            'a default of another type',
            { inputVariables: { age: { type: 'number', default: 'old' } } },
            'inputVariables.age: has a default that is no number',
        ],
        [
            'a default for what must come',
            { inputVariables: { age: { required: true, default: '1' } } },
            /^inputVariables\.age: is required and has a default/,
        ],
        [
            'a function to use that is none of the tools',
            { realtime: { toolChoice: { function: 'nope' } } },
            'realtime: has the toolChoice nope, which is none of the tools',
        ],
        [
            'several function calls with a model that does not know them',
            { realtime: { model: 'gpt-realtime-1.5', parallelToolCalls: true } },
            'realtime: has parallelToolCalls, which gpt-realtime-1.5 does not know',
        ],
        [
            'keywords for a model that takes none',
            { realtime: { transcription: { model: 'whisper-1', keywords: ['IBAN'] } } },
            /^realtime: has languages or keywords, which the transcription model whisper-1/,
        ],
        [
            'a language and languages',
            { realtime: { transcription: { language: 'en', languages: ['en', 'es'] } } },
            /^realtime: has language and languages/,
        ],
        [
            'an MCP server with an address and a tunnel',
            {
                tools: [
                    {
                        kind: 'mcp',
                        label: 'a',
                        url: 'https://a.example.com',
                        tunnelId: `tunnel_${'0'.repeat(32)}`,
                        allowedTools: ['x'],
                    },
                ],
            },
            'tools.0: must have either url or tunnelId',
        ],
        [
            'a tunnel with another name',
            { tools: [{ kind: 'mcp', label: 'a', tunnelId: 'tunnel_1', allowedTools: ['x'] }] },
            /^tools\.0\.tunnelId: must be tunnel_ and 32/,
        ],
        [
            'two ways upstream',
            { upstream: upstream({ url: 'wss://a.example.com' }) },
            'upstream: must have either url or azure',
        ],
        [
            'a key instead of its name',
            { upstream: upstream({ keyVariable: 'sk-abcdef' }) },
            /^upstream\.keyVariable: must be the NAME/,
        ],
    ])('refuses %s, and names the place', (_, changes, expected) => {
        const [first = 'nothing'] = problems(changes);
        if (typeof expected === 'string') expect(first).toBe(expected);
        else expect(first).toMatch(expected);
    });

    function upstream(changes: Record<string, unknown>): Record<string, unknown> {
        return { azure: { endpoint: 'https://a.example.com', deployment: 'd' }, keyVariable: 'KEY', ...changes };
    }

    it('names every wrong place, not only the first', () => {
        expect(problems({ a: 1, speech: { b: 2 }, realtime: { speed: 9 } })).toHaveLength(3);
    });

    it('never repeats a value, which may be a secret in the wrong place', () => {
        const secret = 'sk-0123456789';
        const wrong = {
            upstream: { keyVariable: secret, url: `wss://${secret}@a.example.com` },
            tools: [httpTool({ headers: { Authorization: `Bearer ${secret}` }, method: secret })],
            realtime: { voice: secret, transcription: { language: secret } },
        };
        expect(problems(wrong).length).toBeGreaterThan(4);
        expect(problems(wrong).join()).not.toContain(secret);
    });

    it('ends its list of problems after the first few', () => {
        const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x${index}`, 1]));
        const sentences = problems(many);
        expect(sentences).toHaveLength(41);
        expect(sentences.at(-1)).toBe('and 60 more');
    });
});

describe('a dialog in a profile', () => {
    it('may give what a transfer gives without declaring it', () => {
        expect(problems({ ...DIALOG_VARIABLES, dialog: unnamedDialog() })).toEqual([]);
    });

    it.each([
        [
            'a variable that is not declared',
            { ...DIALOG_VARIABLES, outputVariables: {} },
            {},
            /sets message, which is not/,
        ],
        [
            'a placeholder that is not declared',
            DIALOG_VARIABLES,
            { noInput: 'Hi {{unknown}}' },
            /{{unknown}} is not declared/,
        ],
        [
            'a sentence that may be empty',
            DIALOG_VARIABLES,
            { noInput: '{{customer_name}}!' },
            /says nothing where a value/,
        ],
        ['a way to nowhere', DIALOG_VARIABLES, { start: 'x' }, /there is no menu "x" to start with/],
        ['a name of its own', DIALOG_VARIABLES, { name: 'x' }, /dialog\.name: there is no such setting/],
    ])('is refused with %s', (_, profile, changes, expected) => {
        const [first = 'nothing'] = problems({ ...profile, dialog: unnamedDialog(changes) });
        expect(first).toMatch(/^dialog/);
        expect(first).toMatch(expected);
    });
});
