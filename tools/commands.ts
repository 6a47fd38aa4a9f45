/** The commands of the package: `npx audioconnector-server NAME …`. One line of the table is one command. */

interface Command {
    /** In a few words, for the list. */
    readonly does: string;
    /** Runs it, with the arguments behind its name. */
    readonly run: () => Promise<unknown>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
    start: { does: 'starts the server; so does no command at all', run: () => import('../src/index.js') },
    call: { does: 'calls a server as Genesys Cloud does', run: () => import('./caller/cli.js') },
    console: { does: 'a page to call a bot from the browser', run: () => import('./console/cli.js') },
    doctor: {
        does: 'finds out why Genesys does not connect, or looks at this installation',
        run: () => import('./doctor/cli.js'),
    },
    eval: { does: 'runs the cases beside the bots, as calls', run: () => import('./eval/cli.js') },
    'bots-check': {
        does: 'reads all bot profiles, and says what each needs',
        run: () => import('./bots-check-cli.js'),
    },
    calls: { does: 'the records of calls: list, search, one call, a page', run: () => import('./calls/cli.js') },
    replay: { does: 'runs a recorded call again', run: () => import('./replay/cli.js') },
    'fake-openai': { does: 'a stand-in for OpenAI’s Realtime API', run: () => import('./fake-openai/cli.js') },
};

/**
 * Runs the command that the arguments of the process name: the name is taken out of them, so that the command finds its own arguments
 * where it finds them as a program of its own.
 *
 * @returns false: there is no such command, and standard error says which there are
 */
export async function runCommand(): Promise<boolean> {
    const [name = 'start'] = process.argv.slice(2);
    if (name === '--help' || name === '-h' || name === 'help') {
        console.log(usage());
        return true;
    }
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) {
        console.error(`There is no command ${JSON.stringify(name)}.\n\n${usage()}`);
        return false;
    }
    process.argv.splice(2, 1);
    await command.run();
    return true;
}

function usage(): string {
    const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
    const lines = Object.entries(COMMANDS).map(([name, { does }]) => `  ${name.padEnd(width)}  ${does}`);
    return `Answers Genesys Cloud AudioConnector calls and bridges the caller's voice to OpenAI's Realtime API.

  npx audioconnector-server [command] [options]

${lines.join('\n')}

Options of a command: npx audioconnector-server COMMAND --help. Settings are environment variables, also from .env of the working directory.`;
}
