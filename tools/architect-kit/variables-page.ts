/** The page of one bot, to set up the action by hand: what to enter, and what comes back. */
import { environmentNeeds } from '../../src/services/profiles/config';
import type { BotProfile } from '../../src/services/profiles/schema';
import { variablesOf, type BotInput, type BotOutput } from './bot-variables';
import { END_REASONS, OTHER_END_REASONS, type EndReason, type Route } from './end-reasons';
import { code, plainText, table } from './markdown';

const ROUTES: Readonly<Record<Route, string>> = {
    agent: 'to an agent',
    end: 'hangs up',
    excuse: 'an excuse, then to an agent',
};

const WHEN: Readonly<Record<BotOutput['kind'], string>> = {
    own: 'when it is set',
    transfer: 'with a transfer',
    handover: 'where the server is set to',
    call: 'always',
    situation: 'only some ends',
};

/** The text of `variables.md`. */
export function variablesPage(profile: BotProfile): string {
    const { name, description } = profile;
    const { inputs, outputs } = variablesOf(profile);
    const parts = [
        `# Variables of the bot ${code(name)}`,
        'Written by `npm run architect` from the profile; change the profile, not this page.',
        ...(description === undefined ? [] : [`What it is for: ${plainText(description)}`]),
        callPart(name),
        '## Inputs',
        'All values are text. Give them under _Inputs_ of the action, by exactly these names; a name that is not here is ignored.',
        inputTable(inputs),
        '## Outputs',
        'Name them under _Outputs_ of the action, exactly so. A name that is not here comes back empty, and nothing says so.',
        outputTable(outputs),
        '## Values of `end_reason`',
        endReasonTable(),
        FAILURE_NOTE,
        '## What the server must have',
        environmentPart(profile),
    ];
    return `${parts.join('\n\n')}\n`;
}

function callPart(name: string): string {
    const rows = [
        ['Integration', 'the Audio Connector integration that leads to this server'],
        ['Connector ID', `${code(name)}, where the Base Connection URI ends with a slash`],
    ];
    return table(['In the action Call Audio Connector', 'Enter'], rows, '');
}

function inputTable(inputs: readonly BotInput[]): string {
    const head = ['Name', 'What it is', 'Type', 'Needed', 'Longest', 'Used in', 'In flow.yaml'];
    const rows = inputs.map(({ name, description = '', type, maxLength, usedIn, flowName, ...rest }) => [
        code(name),
        plainText(description),
        type,
        presence(rest),
        type === 'string' ? `${maxLength} characters` : '',
        usedIn.length === 0 ? 'nowhere' : usedIn.map(plainText).join(', '),
        code(flowName),
    ]);
    return table(head, rows, 'This bot takes none.');
}

function presence({ required, default: given }: Pick<BotInput, 'required' | 'default'>): string {
    if (required) return '**required**';
    return given === undefined ? 'optional' : `else ${plainText(JSON.stringify(given))}`;
}

function outputTable(outputs: readonly BotOutput[]): string {
    const head = ['Name', 'What it is', 'Comes', 'Longest', 'Set by', 'In flow.yaml'];
    const rows = outputs.map(({ name, description, kind, maxLength, setBy, flowName }) => [
        code(name),
        plainText(description),
        WHEN[kind],
        maxLength === undefined ? '' : `${maxLength} characters`,
        setBy.length === 0 ? 'nothing yet' : setBy.map(plainText).join(', '),
        code(flowName),
    ]);
    return table(head, rows, '');
}

function endReasonTable(): string {
    const row = (value: string, { path, meaning, route }: EndReason): string[] => [
        value,
        path,
        plainText(meaning),
        ROUTES[route],
    ];
    const named = Object.entries(END_REASONS).map(([value, reason]) => row(code(value), reason));
    const head = ['Value', 'Path of the action', 'What happened', 'flow.yaml goes on'];
    return table(head, [...named, row('`ERR_…`', OTHER_END_REASONS)], '');
}

const FAILURE_NOTE =
    'Whether Architect hands over outputs on the failure path is not documented: do not build on them there; `errorType` and ' +
    '`errorMessage` of the action are what is sure. When the caller hangs up first, the flow is over, and no output arrives at all.';

function environmentPart(profile: BotProfile): string {
    const rows = environmentNeeds(profile).map(({ name, what }) => [code(name), plainText(what)]);
    return table(['Variable of the environment', 'What for'], rows, 'Nothing beyond its own settings.');
}
