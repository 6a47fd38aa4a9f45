import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SHIPPED_BOTS } from '../../../src/config/shipped-bots';
import { makeKit } from '../../../tools/architect-kit/cli';
import { architectKit, readProfiles, writeKit } from '../../../tools/architect-kit/kit';
import {
    CALL_OUTPUT_VARIABLES,
    HANDOVER_OUTPUT_VARIABLES,
    RESERVED_OUTPUT_NAMES,
    SITUATION_OUTPUT_VARIABLES,
} from '../../../src/services/profiles/variables';
import type { BotProfile, ProfileSource } from '../../../src/services/profiles/schema';
import { readYaml, type Read } from './yaml-reader';

const ROOT = join(__dirname, '..', '..', '..');
const KIT = join(ROOT, 'deploy', 'genesys');
const HOW_TO_MEND = 'run: npm run architect';

function filesBelow(folder: string): string[] {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
}

/** Every value that stands under this key, wherever. */
function valuesOf(key: string, node: Read): Read[] {
    if (typeof node !== 'object') return [];
    const own = !Array.isArray(node) && Object.hasOwn(node, key) ? [node[key] ?? ''] : [];
    return [...own, ...Object.values(node).flatMap((part: Read) => valuesOf(key, part))];
}

/** The names in a list of session variables. */
function namesIn(key: string, node: Read): Read[] {
    return valuesOf(key, node).flatMap((each) => valuesOf('lit', { name: valuesOf('name', each)[0] ?? '' }));
}

describe('deploy/genesys', () => {
    const profiles = readProfiles(SHIPPED_BOTS);
    const kit = architectKit(profiles);

    it('holds what the profiles that ship make, or those in bots/ once `npm run architect` has read them', () => {
        const written = filesBelow(KIT).sort();
        const covered = ({ name }: BotProfile): boolean => written.includes(`${name}/flow.yaml`);
        const isShipped = [...kit.keys()].sort().join() === written.join();
        const expected = isShipped ? kit : architectKit(readProfiles(join(ROOT, 'bots')).filter(covered));
        expect({ [HOW_TO_MEND]: written }).toEqual({ [HOW_TO_MEND]: [...expected.keys()].sort() });
        for (const [path, text] of expected) {
            expect({ [HOW_TO_MEND]: readFileSync(join(KIT, path), 'utf8') }).toEqual({ [HOW_TO_MEND]: text });
        }
    });

    it.each(profiles.map((profile) => [profile.name, profile] as const))(
        'maps every declared variable of %s, in the flow and on its page',
        (name, { inputVariables, outputVariables }) => {
            const flow = readYaml(kit.get(`${name}/flow.yaml`) ?? '');
            const page = kit.get(`${name}/variables.md`) ?? '';
            const inputs = Object.keys(inputVariables);
            const outputs = [
                ...Object.keys(outputVariables),
                ...Object.keys(CALL_OUTPUT_VARIABLES),
                ...Object.keys(SITUATION_OUTPUT_VARIABLES),
                ...Object.keys(HANDOVER_OUTPUT_VARIABLES),
            ];
            expect(namesIn('sessionVariable', flow)).toEqual(inputs);
            expect(namesIn('outputSessionVariable', flow)).toEqual(expect.arrayContaining(outputs));
            for (const each of [...inputs, ...outputs]) expect(page).toContain(`| \`${each}\` |`);
        },
    );

    it('keeps summary and link for the agent as participant data, where a script finds them', () => {
        for (const { name } of profiles) {
            const kept = valuesOf('setParticipantData', readYaml(kit.get(`${name}/flow.yaml`) ?? ''));
            expect(JSON.stringify(kept)).toContain('bot_summary');
            expect(JSON.stringify(kept)).toContain('bot_call_link');
            expect(JSON.stringify(kept)).not.toContain('bot_cost_usd');
        }
    });

    it('declares every variable of a flow that it uses, and no name twice', () => {
        for (const { name } of profiles) {
            const text = kit.get(`${name}/flow.yaml`) ?? '';
            const declared = valuesOf('variables', readYaml(text)).flatMap((list) => valuesOf('name', list));
            const used = new Set([...text.matchAll(/Flow\.\w+/g)].map(([each]) => each));
            expect([...declared].sort()).toEqual([...used].sort());
        }
    });

    it('leads every jump to a task that is there', () => {
        for (const { name } of profiles) {
            const flow = readYaml(kit.get(`${name}/flow.yaml`) ?? '');
            const tasks = valuesOf('refId', flow).map(
                (id) => `/inboundCall/tasks/task[${typeof id === 'string' ? id : ''}]`,
            );
            const targets = [...valuesOf('targetTaskRef', flow), ...valuesOf('startUpRef', flow)];
            expect(new Set(targets)).toEqual(new Set(tasks));
        }
    });

    it('lets the bot choose among queues only where a profile gives it queues', () => {
        expect(kit.get('reception/flow.yaml')).toContain('findQueue');
        expect(kit.get('billing/flow.yaml')).not.toContain('findQueue');
    });

    it('tells of each input where it is used, and of each output who sets it', () => {
        const billing = kit.get('billing/variables.md') ?? '';
        expect(billing).toMatch(/`customer_name` .*\| instructions, greeting, dialog \|/);
        expect(billing).toMatch(/`customer_number` .*\| keypad entry of this name \|/);
        expect(billing).toMatch(/`balance` .*\| read\\_balance \|/);
        expect(billing).toMatch(/`BILLING_API_TOKEN` \| header Authorization of verify\\_customer/);
    });

    it('says in each file what was not proven', () => {
        for (const [path, text] of kit) {
            if (!path.endsWith('variables.md')) expect(text).toMatch(/not proven/i);
        }
        expect(kit.get('default/flow.yaml')).toMatch(/# NOT PROVEN.*callAudioConnector[^]*?- callAudioConnector:/);
    });

    it('has places for secrets in main.tf, and no secret', () => {
        const text = kit.get('main.tf') ?? '';
        for (const name of ['audiohook_api_key', 'audiohook_client_secret']) {
            expect(text).toMatch(new RegExp(`variable "${name}" \\{[^}]*sensitive *= true`));
            expect(text).not.toMatch(new RegExp(`variable "${name}" \\{[^}]*default`));
        }
        expect(text).toContain('toset(["billing", "default", "reception"])');
        expect(text.match(/[{}]/g)?.filter((sign) => sign === '{')).toHaveLength((text.match(/\}/g) ?? []).length);
    });
});

describe('the kit of other profiles', () => {
    let folder: string;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'architect-kit-'));
    });

    afterEach(() => {
        rmSync(folder, { recursive: true });
    });

    function kitOf(name: string, profile: ProfileSource): ReadonlyMap<string, string> {
        const bots = mkdtempSync(join(folder, 'bots-'));
        writeFileSync(join(bots, `${name}.json`), JSON.stringify(profile));
        return architectKit(readProfiles(bots));
    }

    it('has a summary of the bot’s own once, and as its own', () => {
        const kit = kitOf('a', { outputVariables: { summary: { description: 'In its own words.' } } });
        expect(kit.get('a/variables.md')?.match(/\| `summary` \|/g)).toHaveLength(1);
        expect(kit.get('a/variables.md')).toContain('In its own words.');
    });

    const HOSTILE =
        '|x| "\n# head\n- {{flow_name}} \\" }\n---\ninboundCall: gone <script>alert(1)</script> [a](b) ``` ${var.x}';

    it('keeps hostile text of a profile out of the flow, the pages and main.tf', () => {
        const kit = kitOf('a', {
            description: HOSTILE,
            instructions: 'Say {{who}}.',
            inputVariables: { who: { description: HOSTILE, default: HOSTILE.slice(0, 60) } },
            outputVariables: { result: { description: HOSTILE } },
            tools: [{ kind: 'transfer_to_agent', queues: [HOSTILE.slice(0, 90)], reasons: [HOSTILE.slice(0, 90)] }],
        });
        const plain = HOSTILE.replaceAll('\n', ' ');
        const flow = readYaml(kit.get('a/flow.yaml') ?? '');
        expect(Object.keys(flow)).toEqual(['inboundCall']);
        expect(valuesOf('description', flow)).toEqual([plain]);
        expect(valuesOf('lit', flow)).toContain(HOSTILE.slice(0, 60).replaceAll('\n', ' ').trim());
        expect(kit.get('a/flow.yaml')?.match(/\{\{flow_name\}\}/g)).toHaveLength(1);
        for (const page of ['a/variables.md', 'README.md']) {
            const text = kit.get(page) ?? '';
            expect(text).not.toMatch(/(^|[^\\])(<script|\[a\]\(|```)|^# head|^---$/m);
            const rows = text.split('\n').filter((line) => line.includes('alert'));
            expect(rows.length).toBeGreaterThan(0);
            for (const row of rows.filter((line) => line.startsWith('|')))
                expect(cellsIn(row)).toBe(columnsOf(row, text));
        }
        expect(kit.get('main.tf')).not.toContain('alert');
    });

    function cellsIn(row: string): number {
        return row.replace(/\\./g, '').split('|').length;
    }

    /** Of the table that the row stands in. */
    function columnsOf(row: string, text: string): number {
        const before = text.slice(0, text.indexOf(row)).split('\n');
        return cellsIn(before.filter((line) => line.startsWith('| ---')).at(-1) ?? '');
    }

    it('gives names of their own to variables that differ in capitals only', () => {
        const kit = kitOf('a', { outputVariables: { topic: {}, Topic: {} }, inputVariables: { topic: {} } });
        const names = valuesOf('stringVariable', readYaml(kit.get('a/flow.yaml') ?? '')).flatMap((each) =>
            valuesOf('name', each),
        );
        expect(names).toEqual(expect.arrayContaining(['Flow.in_topic', 'Flow.out_topic', 'Flow.out_Topic_2']));
    });

    it('marks what is required, and what nothing uses or sets', () => {
        const kit = kitOf('a', {
            inputVariables: { who: { required: true } },
            outputVariables: { result: {} },
            tools: [{ kind: 'end_call' }],
        });
        expect(kit.get('a/variables.md')).toMatch(/`who` .*\*\*required\*\*.*\| nowhere \|/);
        expect(kit.get('a/variables.md')).toMatch(/`result` .*\| nothing yet \|/);
        expect(kit.get('a/flow.yaml')).toMatch(/# Required: .*\n +- stringVariable:\n +name: "Flow\.in_who"/);
    });

    it('finds inputs in the address and the body of a tool', () => {
        const kit = kitOf('a', {
            inputVariables: { who: {}, where: {} },
            tools: [
                {
                    kind: 'http',
                    name: 'ask',
                    description: 'Asks.',
                    method: 'POST',
                    url: 'https://a.example.com/{{who}}',
                    allowedHosts: ['a.example.com'],
                    body: { template: { deep: [{ where: 'in {{where}}' }] } },
                },
            ],
        });
        expect(kit.get('a/variables.md')).toMatch(/`who` .*\| ask \|[^]*`where` .*\| ask \|/);
    });

    it('speaks the language of the profile where Architect writes it so', () => {
        expect(kitOf('a', { language: 'de-DE' }).get('a/flow.yaml')).toMatch(
            /defaultLanguage: "de-de"[^]*\n {4}de-de:/,
        );
        expect(kitOf('a', { language: 'zh-Hant-TW' }).get('a/flow.yaml')).toContain('defaultLanguage: "en-us"');
    });

    it('takes away the files of bots that are gone, and nothing of others', () => {
        writeKit(folder, kitOf('old', {}));
        writeFileSync(join(folder, 'notes.txt'), 'mine');
        mkdirSync(join(folder, 'own'));
        writeFileSync(join(folder, 'own', 'flow.json'), '{}');
        rmSync(join(folder, readdirSync(folder).find((name) => name.startsWith('bots-')) ?? 'none'), {
            recursive: true,
        });
        writeKit(folder, new Map([['new/flow.yaml', 'x']]));
        expect(filesBelow(folder).sort()).toEqual([
            'README.md',
            'main.tf',
            'new/flow.yaml',
            'notes.txt',
            'own/flow.json',
        ]);
        expect(existsSync(join(folder, 'old'))).toBe(false);
    });

    it('says what is wrong with a broken profile, and writes nothing', () => {
        const bots = mkdtempSync(join(folder, 'bots-'));
        writeFileSync(join(bots, 'a.json'), '{"greeting": 1}');
        const { isRight, text } = makeKit(bots, join(folder, 'kit'));
        expect(isRight).toBe(false);
        expect(text).toMatch(/^ERR_PROFILE: [^]*a\.json: greeting/);
        expect(existsSync(join(folder, 'kit'))).toBe(false);
    });

    it('names the files that it wrote', () => {
        const bots = mkdtempSync(join(folder, 'bots-'));
        writeFileSync(join(bots, 'a.json'), '{}');
        const { isRight, text } = makeKit(bots, join(folder, 'kit'));
        expect(isRight).toBe(true);
        expect(text.split('\n').filter((line) => line !== '')).toEqual(
            ['README.md', 'main.tf', 'a/variables.md', 'a/flow.yaml'].map((path) => join(folder, 'kit', path)),
        );
    });
});

describe('names that no profile may declare', () => {
    it('are all that the kit adds to the outputs of a profile', () => {
        const flow = readYaml(architectKit(readProfiles(SHIPPED_BOTS)).get('reception/flow.yaml') ?? '');
        const added = namesIn('outputSessionVariable', flow).filter((name) => name !== 'caller_wish');
        // A summary may be the bot’s own.
        expect(new Set(added)).toEqual(new Set([...RESERVED_OUTPUT_NAMES, 'summary']));
    });
});
