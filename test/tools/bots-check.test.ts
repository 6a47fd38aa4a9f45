import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SHIPPED_BOTS } from '../../src/config/shipped-bots';
import { checkBots } from '../../tools/bots-check';

describe('npm run bots:check', () => {
    let folder: string;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'bots-check-'));
    });

    afterEach(() => {
        rmSync(folder, { recursive: true });
    });

    function write(file: string, profile: object): void {
        writeFileSync(join(folder, file), JSON.stringify(profile));
    }

    it('tells what to set in Architect for every bot that ships', () => {
        const { isRight, text } = checkBots(SHIPPED_BOTS, {});
        expect(isRight).toBe(true);
        expect(text).toMatch(/^billing: /);
        expect(text).toMatch(/customer_name +string +optional +at most 60 characters +The caller's name/);
        expect(text).toMatch(/business_customer +boolean +default false/);
        expect(text).toMatch(/transfer_queue +with a transfer/);
        expect(text).toMatch(/\?bot=reception/);
        expect(text).toMatch(/worst_turn_ms/);
        expect(text).toMatch(/\n3 profiles can be used\.\n$/);
    });

    it('tells which variables of the environment are set, and never their values', () => {
        expect(checkBots(SHIPPED_BOTS, {}).text).toMatch(
            /BILLING_API_TOKEN +NOT SET +header Authorization of verify_customer/,
        );
        const { text } = checkBots(SHIPPED_BOTS, { BILLING_API_TOKEN: 'hush-hush' });
        expect(text).toMatch(/BILLING_API_TOKEN +set /);
        expect(text).not.toContain('hush-hush');
    });

    it('tells every kind of tool apart', () => {
        write('a.json', {
            instructions: 'Hello.',
            inputVariables: { who: { required: true } },
            tools: [
                { kind: 'data_action', name: 'find', description: 'Finds.', actionId: 'custom_-_1' },
                { kind: 'mcp', label: 'docs', url: 'https://m.example.com', allowedTools: ['x', 'y'] },
                { kind: 'code', name: 'opening_hours' },
            ],
        });
        const { text } = checkBots(folder, {});
        expect(text).toMatch(/who +string +required/);
        expect(text).toMatch(/find +data_action +custom_-_1/);
        expect(text).toMatch(/docs +mcp +x, y at https:\/\/m\.example\.com/);
        expect(text).toMatch(/opening_hours +code/);
        expect(text).toMatch(/GENESYS_CLIENT_SECRET +NOT SET/);
        expect(text).toMatch(/Output variables to receive in Architect: none/);
    });

    it('tells which sentences of the server a bot says in English although its language is another one', () => {
        write('a.json', { instructions: 'Hallo.', language: 'de-DE', words: { goodbye: 'Tschüss.' } });
        expect(checkBots(folder, {}).text).toMatch(/Words of the server\n +language +de-DE\n +own +1\n/);
        write('a.json', { instructions: 'Hej.', language: 'sv-SE', words: { goodbye: 'Hej då.' } });
        const { isRight, text } = checkBots(folder, {});
        expect([isRight, text]).toEqual([
            true,
            expect.stringMatching(/in ENGLISH +oneMoment, technicalProblem, stillThere, lost/),
        ]);
        expect(text).not.toContain('goodbye,');
    });

    it('names the wrong places of broken ones, and what to do', () => {
        write('a.json', { instructions: 'Hello.' });
        write('b.json', { instructions: 'Hello.', voice: 'marin' });
        const { isRight, text } = checkBots(folder, {});
        expect(isRight).toBe(false);
        expect(text).toMatch(/^ERR_PROFILE: /);
        expect(text).toMatch(/b\.json: voice: there is no such setting/);
        expect(text).not.toContain('a.json');
    });

    it('refuses a nested quantifier in the pattern of an argument, and says what to write instead', () => {
        const parameters = { type: 'object', properties: { code: { type: 'string', pattern: '^(a+)+$' } } };
        const tool = { kind: 'data_action', name: 'find', description: 'Finds.', actionId: 'custom_-_1', parameters };
        write('a.json', { instructions: 'Hello.', tools: [tool] });
        const { isRight, text } = checkBots(folder, {});
        expect(isRight).toBe(false);
        expect(text).toMatch(/^ERR_PROFILE: [^]*the parameter code of the tool find has the pattern "\^\(a\+\)\+\$"/);
        expect(text).toMatch(/where "\(a\+\)\+" repeats .*right is one quantifier/);
    });

    it('says so when there is no such folder', () => {
        expect(checkBots(join(folder, 'nowhere'), {})).toMatchObject({
            isRight: false,
            text: expect.stringMatching(/^ERR_PROFILE_FOLDER: /) as string,
        });
    });
});
