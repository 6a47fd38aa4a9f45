import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';

import { loadConfig } from '../../../src/config/config';
import { SHIPPED_BOTS } from '../../../src/config/shipped-bots';
import { defaultDialog } from '../../../src/speech/dialog/default-dialog';
import { Dialog } from '../../../src/speech/dialog/dialog';
import { fillDialog } from '../../../src/services/profiles/dialog-texts';
import { fillPrompt } from '../../../src/services/profiles/prompt';
import type { BotProfile } from '../../../src/services/profiles/schema';
import { ProfileStore } from '../../../src/services/profiles/store';
import { readInputVariables } from '../../../src/services/profiles/variables';
import { silentLogger } from '../../../src/support/logger';
import { checkBots } from '../../../tools/bots-check';
import { casesSchemaFile, profileSchemaFile } from '../../../tools/make-docs';
import { FakeClock } from '../../support/fake-clock';
import { smallProfile, httpTool, unnamedDialog } from './small-profile';
import type { RecognizerKind } from '../../../src/services/asr-service';

/** The folder that users save their bots in. The tests of the bots that ship use copies of these alone. */
const BOTS = join(__dirname, '..', '..', '..', 'bots');
const NAMES = ['billing', 'default', 'reception'];
const RECOGNIZERS: readonly RecognizerKind[] = ['none', 'closed', 'open'];

const store = ProfileStore.load(SHIPPED_BOTS, { clock: new FakeClock(), logger: silentLogger });

function bot(name: string): BotProfile {
    const profile = store.get(name);
    if (profile === undefined) throw new Error(`no bot ${name}`);
    return profile;
}

describe('the bots that ship', () => {
    it('are three', () => {
        expect(store.names).toEqual(NAMES);
    });

    it('keep the default bot as it is without a profile', () => {
        const { instructions, greeting, dialog, tools } = bot('default');
        expect(instructions).toBe('');
        expect(greeting).toBeUndefined();
        expect(tools.map(({ kind }) => kind)).toEqual(['end_call', 'collect_digits']);
        expect(dialog && fillDialog(dialog, {})).toEqual(defaultDialog());
    });

    it.each(NAMES)('%s: fits its tools and texts when Architect gives nothing', (name) => {
        const { inputVariables, instructions, greeting = '' } = bot(name);
        const { values, missing } = readInputVariables(inputVariables, {});
        const prompt = fillPrompt({ instructions, greeting }, values);
        expect(missing).toEqual([]);
        expect(`${prompt.instructions}${prompt.greeting}`).not.toContain('{{');
    });

    it.each(NAMES.flatMap((name) => RECOGNIZERS.map((hearing) => [name, hearing] as const)))(
        '%s: answers without a model where hearing is %s, on every key',
        (name, hearing) => {
            const { dialog, inputVariables, outputVariables } = bot(name);
            if (dialog === undefined) throw new Error('no dialog');
            const filled = fillDialog(dialog, readInputVariables(inputVariables, { customer_name: 'Anna' }).values);
            const keys = filled.menus[filled.start]?.choices.map(({ key }) => key) ?? [];
            expect(keys.length).toBeGreaterThan(3);
            for (const key of keys) {
                const running = new Dialog(filled, hearing);
                const [greeting] = running.step({ type: 'begin' }).say;
                expect(greeting).toContain('Anna');
                const step = running.step({ type: 'keys', keys: key });
                expect(step.disposition).toBe('match');
                expect(step.say.join(' ')).not.toContain('{{');
                const told = step.next.do === 'end' ? Object.keys(step.next.end.outputVariables ?? {}) : [];
                const known = [...Object.keys(outputVariables), 'end_reason', 'transfer_reason', 'transfer_queue'];
                expect(known).toEqual(expect.arrayContaining(told));
            }
        },
    );

    it('billing: tells no balance without the verification of its service', () => {
        const tools = bot('billing').tools.filter((tool) => tool.kind === 'http');
        expect(tools.map(({ name }) => name)).toEqual(['verify_customer', 'read_balance']);
        expect(tools[1]?.parameters.required).toEqual(['customer_number', 'verification']);
        expect(tools[1]?.body).toEqual({ template: { verification: '{{verification}}', channel: 'telephone' } });
    });

    it('billing and reception: can hand the caller over, and every tool they speak of is there', () => {
        for (const name of ['billing', 'reception']) {
            const { instructions, tools } = bot(name);
            const known = tools.map((tool) => ('name' in tool ? tool.name : tool.kind));
            expect(known).toContain('transfer_to_agent');
            const words = [...instructions.matchAll(/`([a-z]+_[a-z_]+)`/g)].map(([, word]) => word);
            const others = [...Object.keys(bot(name).outputVariables), 'account_ending'];
            expect(words.length).toBeGreaterThan(2);
            expect([...known, ...others]).toEqual(expect.arrayContaining(words));
        }
    });
});

describe('bots/', () => {
    it('may hold any bots: the tests of the server use copies of those that ship', () => {
        expect(loadConfig({}).botsFolder).toBe(SHIPPED_BOTS);
        expect(SHIPPED_BOTS).not.toBe(BOTS);
    });

    it('holds profiles that the server can use', () => {
        expect(checkBots(BOTS, {})).toMatchObject({ isRight: true });
    });
});

describe('bots/bot-profile.schema.json', () => {
    const check = new Ajv({ strict: false }).compile(JSON.parse(profileSchemaFile()) as object);
    const read = (file: string): unknown => JSON.parse(readFileSync(join(SHIPPED_BOTS, file), 'utf8'));

    it('is what the schema of the profiles says', () => {
        const howToMend = 'run: npm run docs';
        const file = readFileSync(join(BOTS, 'bot-profile.schema.json'), 'utf8');
        expect({ [howToMend]: file === profileSchemaFile() }).toEqual({ [howToMend]: true });
    });

    it('has a sibling that is what the schema of the cases says', () => {
        const howToMend = 'run: npm run docs';
        const file = readFileSync(join(BOTS, 'bot-eval.schema.json'), 'utf8');
        expect({ [howToMend]: file === casesSchemaFile() }).toEqual({ [howToMend]: true });
        const check = new Ajv({ strict: false }).compile(JSON.parse(file) as object);
        expect(check({ cases: [{ name: 'a', script: [{ say: 'hello' }], expect: { end: 'completed' } }] })).toBe(true);
        expect(check({ cases: [{ name: 'a', script: [{ sayy: 'hello' }], expect: {} }] })).toBe(false);
    });

    it.each(NAMES)('finds nothing wrong with %s', (name) => {
        check(read(`${name}.json`));
        expect(check.errors).toBeNull();
    });

    it('takes what a profile may leave out, and a body with any JSON in it', () => {
        const body = { template: { a: [1, null, { b: true }] } };
        expect(check(smallProfile({ dialog: unnamedDialog(), tools: [httpTool({ method: 'POST', body })] }))).toBe(
            true,
        );
    });

    it.each([
        { voice: 'marin' },
        { instructions: 5 },
        { tools: [{ kind: 'zip' }] },
        { tools: [httpTool({ allowedHosts: [] })] },
        { realtime: { speed: 9 } },
        { inputVariables: { a: { typ: 'string' } } },
    ])('finds what is wrong with %j', (changes) => {
        expect(check(smallProfile(changes))).toBe(false);
    });

    it('explains every setting of the first two levels', () => {
        const { properties } = JSON.parse(profileSchemaFile()) as { properties: Record<string, Explained> };
        const silent = Object.entries(properties).flatMap(([name, each]) => [
            ...(each.description === undefined ? [name] : []),
            ...Object.entries(each.properties ?? {})
                .filter(([, inner]) => inner.description === undefined)
                .map(([inner]) => `${name}.${inner}`),
        ]);
        expect(silent).toEqual([]);
    });

    interface Explained {
        description?: string;
        properties?: Record<string, Explained>;
    }
});
