import { runCommand } from '../../tools/commands';
import { withPackageCommands } from '../../tools/package/bundle-tools';

describe('the commands of the package', () => {
    const argv = [...process.argv];
    let printed: string[];
    let complained: string[];

    beforeEach(() => {
        [printed, complained] = [[], []];
        jest.spyOn(console, 'log').mockImplementation((text: string) => printed.push(text));
        jest.spyOn(console, 'error').mockImplementation((text: string) => complained.push(text));
    });

    afterEach(() => {
        jest.restoreAllMocks();
        process.argv = [...argv];
    });

    it.each(['--help', '-h', 'help'])('are listed by %s', async (argument) => {
        process.argv = ['node', 'audioconnector-server', argument];
        expect(await runCommand()).toBe(true);
        for (const name of ['start', 'call', 'console', 'doctor', 'bots-check', 'calls', 'replay', 'fake-openai'])
            expect(printed.join('\n')).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
    });

    it.each(['dial', '--port', 'toString', '__proto__'])(
        'do not include %s, which is refused with the list',
        async (name) => {
            process.argv = ['node', 'audioconnector-server', name];
            expect(await runCommand()).toBe(false);
            expect(printed).toEqual([]);
            expect(complained.join('\n')).toContain(`There is no command "${name}".`);
            expect(complained.join('\n')).toContain('  doctor ');
        },
    );
});

describe('the texts of the tools in the package', () => {
    it.each([
        ['npm run call -- [options]', 'npx audioconnector-server call [options]'],
        ['`npm run bots:check` checks it', '`npx audioconnector-server bots-check` checks it'],
        ['npm run fake-openai -- [--port 8089]', 'npx audioconnector-server fake-openai [--port 8089]'],
        ['with `npm start`: it makes', 'with `npx audioconnector-server`: it makes'],
    ])('%s → %s', (text, inThePackage) => {
        expect(withPackageCommands(text)).toBe(inThePackage);
    });
});
