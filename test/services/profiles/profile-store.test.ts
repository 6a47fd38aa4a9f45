import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProfileFolder } from './profile-folder';
import { httpTool, smallProfile } from './small-profile';

let bots: ProfileFolder;

beforeEach(() => {
    bots = new ProfileFolder();
});

afterEach(() => {
    bots.remove();
});

describe('the profiles of a folder', () => {
    it('are named by their files; the schema for editors and hidden files are none', () => {
        bots.write('b.json', smallProfile());
        bots.write('a-1.json', smallProfile());
        bots.write('bot-profile.schema.json', '{}');
        bots.write('bot-eval.schema.json', '{}');
        bots.write('billing.eval.yaml', 'cases: []');
        bots.write('.hidden.json', 'x');
        bots.write('README.md', 'x');
        const store = bots.load();
        expect(store.names).toEqual(['a-1', 'b']);
        expect([store.has('b'), store.has('c'), store.get('constructor')]).toEqual([true, false, undefined]);
        expect(store.get('b')).toMatchObject({ name: 'b', instructions: 'You are a bot on the telephone.' });
    });

    it('may have their instructions in a file beside them or below', () => {
        mkdirSync(join(bots.path, 'texts'));
        bots.write('texts/a.md', '\ufeff\n# Who you are\n');
        bots.write('a.json', smallProfile({ instructions: { file: 'texts/a.md' } }));
        expect(bots.load().get('a')?.instructions).toBe('# Who you are');
    });

    it('are warned of where the server has no words of their language, and they have none either', () => {
        bots.write('sv.json', smallProfile({ language: 'sv-SE', words: { goodbye: 'Hej då.' } }));
        bots.write('de.json', smallProfile({ language: 'de-AT' }));
        bots.write('en.json', smallProfile());
        bots.load();
        expect(bots.log.lines).toMatchObject([
            { level: 'warn', fields: { code: 'ERR_WORDS', bot: 'sv', language: 'sv-SE' } },
        ]);
        const { sentences } = bots.log.lines[0]?.fields ?? {};
        expect(sentences).toContain('oneMoment');
        expect(sentences).not.toContain('goodbye');
    });

    it('may have words of their own, with the placeholders of each', () => {
        bots.write('a.json', smallProfile({ words: { offer: 'Pour {{label}} : {{key}}.' } }));
        expect(bots.load().get('a')?.words?.offer).toBe('Pour {{label}} : {{key}}.');
        bots.write('a.json', smallProfile({ words: { offer: 'Pour {{label}}.', hello: 'x' } }));
        expect(bots.problem).toContain('words.offer: must have {{label}}, {{key}}');
        expect(bots.problem).toContain('words.hello: there is no such setting');
    });

    it('cannot be changed by their users', () => {
        bots.write('a.json', smallProfile({ tools: [httpTool()] }));
        const profile = bots.load().get('a');
        expect(Object.isFrozen(profile)).toBe(true);
        expect(Object.isFrozen(profile?.tools[0])).toBe(true);
    });

    it('end the start when they are wrong: every file and every place is named', () => {
        bots.write('good.json', smallProfile());
        bots.write(
            'billing.json',
            smallProfile({ tools: [{ kind: 'end_call' }, httpTool({ url: 'x' })], voice: 'marin' }),
        );
        bots.write('empty.json', '{"instructions":5}');
        const text = bots.problem;
        expect(text).toMatch(/^ERR_PROFILE /);
        expect(text).toContain('\n  - bots/billing.json: tools.1.url: must be a whole address');
        expect(text).toContain('\n  - bots/billing.json: voice: there is no such setting');
        expect(text).toContain('\n  - bots/empty.json: instructions: must be text or an object');
        expect(text).not.toContain('good.json');
    });

    it.each([
        ['text that is no JSON', '{\n  "a": 1,\n  b\n}', /is no JSON: line 3, column 3/],
        ['half a file', '{"instructions": "x"', /is no JSON/],
        ['a list', '[]', /bots\/a\.json: /],
        ['nothing', '', /is no JSON/],
        [
            'a name behind the object',
            '{"instructions": "x", "realtime": {"__proto__": {}}}',
            /__proto__: there is no such/,
        ],
    ])('end the start with %s', (_, content, expected) => {
        bots.write('a.json', content);
        expect(bots.problem).toMatch(expected);
    });

    it('end the start with bytes that are no text, and with a file that is far too long', () => {
        writeFileSync(join(bots.path, 'a.json'), Buffer.from([0xff, 0xfe, 0x00]));
        bots.write('b.json', `{"instructions": "${'x'.repeat(600_000)}"}`);
        expect(bots.problem).toMatch(/a\.json: .* UTF-8 text[^]*b\.json: .* 524288 bytes at most/);
    });

    it.each(['a b.json', 'é.json', 'echo.json', 'openai.json'])('are not called %s', (file) => {
        bots.write(file, smallProfile());
        expect(bots.problem).toMatch(/ERR_PROFILE/);
    });

    it('end the start when their folder cannot be read', () => {
        rmSync(bots.path, { recursive: true });
        expect(bots.problem).toMatch(/^ERR_PROFILE_FOLDER .*ENOENT/);
        mkdirSync(bots.path);
    });

    it('say once which variables of the environment they lack, and never a value', () => {
        bots.write(
            'a.json',
            smallProfile({ tools: [httpTool({ headers: { Authorization: '${SHOP_TOKEN} ${OTHER}' } })] }),
        );
        bots.load({ env: { OTHER: 'hush', SHOP_TOKEN: '' } });
        expect(bots.log.lines).toMatchObject([{ level: 'debug', fields: { bot: 'a', missing: ['SHOP_TOKEN'] } }]);
        expect(bots.log.text).not.toContain('hush');
    });
});

describe('instructions in a file', () => {
    const inFile = (file: string): Record<string, unknown> => smallProfile({ instructions: { file } });

    it.each([
        ['are missing', () => undefined, /instructions\.file: a\.md cannot be found/],
        [
            'are empty',
            () => {
                bots.write('a.md', ' \n');
            },
            /instructions\.file: a\.md must have 1 to/,
        ],
        [
            'are too long',
            () => {
                bots.write('a.md', 'x'.repeat(70_000));
            },
            /instructions\.file: a\.md must have 1 to/,
        ],
        [
            'are a folder',
            () => {
                mkdirSync(join(bots.path, 'a.md'));
            },
            /instructions\.file: a\.md must be a readable file/,
        ],
        [
            'have a placeholder that is not declared',
            () => {
                bots.write('a.md', 'Hi {{who}}');
            },
            /instructions\.file: {{who}} is not declared/,
        ],
        [
            'have braces that are no placeholder',
            () => {
                bots.write('a.md', 'Hi {{my name}}');
            },
            /instructions\.file: has double braces/,
        ],
    ])('end the start when they %s', (_, prepare, expected) => {
        prepare();
        bots.write('a.json', inFile('a.md'));
        expect(bots.problem).toMatch(expected);
    });

    it('stay inside the folder, wherever a link leads', () => {
        writeFileSync(join(bots.root, 'secret.md'), 'SECRET');
        symlinkSync(join(bots.root, 'secret.md'), join(bots.path, 'a.md'));
        bots.write('a.json', inFile('a.md'));
        expect(bots.problem).toMatch(/instructions\.file: a\.md is outside the folder/);
        expect(bots.problem).not.toContain('SECRET');
    });

    it('may be reached through a link inside the folder, as a mounted configuration has it', () => {
        mkdirSync(join(bots.path, '..data'));
        bots.write('..data/a.md', 'Text.');
        bots.write('..data/a.json', inFile('a.md'));
        symlinkSync(join(bots.path, '..data', 'a.md'), join(bots.path, 'a.md'));
        symlinkSync(join(bots.path, '..data', 'a.json'), join(bots.path, 'a.json'));
        expect(bots.load().get('a')?.instructions).toBe('Text.');
    });
});
