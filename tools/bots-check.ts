/** Reads all bot profiles as the server does, and says what each needs: in Architect, in the environment, and of tools (`npm run bots:check`). */
import { environmentNeeds } from '../src/services/profiles/config';
import type { BotProfile } from '../src/services/profiles/schema';
import { ProfileStore } from '../src/services/profiles/store';
import { toolNameOf, type ToolSpec } from '../src/services/profiles/tool-schema';
import {
    CALL_OUTPUT_VARIABLES,
    HANDOVER_OUTPUT_VARIABLES,
    SITUATION_OUTPUT_VARIABLES,
    TRANSFER_OUTPUT_VARIABLES,
    type InputVariable,
} from '../src/services/profiles/variables';
import { sentencesMissing } from '../src/services/words';
import { systemClock } from '../src/support/clock';
import { CodedError } from '../src/support/errors';
import { silentLogger } from '../src/support/logger';

type Environment = Readonly<Record<string, string | undefined>>;

/** The report, and whether every profile can be used. Values of the environment are not in it. */
export function checkBots(folder: string, env: Environment): { isRight: boolean; text: string } {
    try {
        const store = ProfileStore.load(folder, { clock: systemClock, logger: silentLogger });
        const profiles = store.names.flatMap((name) => store.get(name) ?? []);
        const parts = [...profiles.map((profile) => describe(profile, env)), everyCall()];
        return { isRight: true, text: `${parts.join('\n\n')}\n\n${counted(profiles.length)} can be used.\n` };
    } catch (fault) {
        if (!(fault instanceof CodedError)) throw fault;
        return { isRight: false, text: `${fault.code}: ${fault.message}\n${fault.cure}\n` };
    }
}

/** One bot, for the author of the Architect flow. */
function describe(profile: BotProfile, env: Environment): string {
    const { name, description } = profile;
    return [
        `${name}${description === undefined ? '' : `: ${description}`}`,
        section('Chosen by', waysTo(name)),
        section('Input variables to set in Architect', inputRows(profile)),
        section('Output variables to receive in Architect', outputRows(profile)),
        section('Words of the server', wordsRows(profile)),
        section('Variables of the environment', environmentRows(profile, env)),
        section('Tools', profile.tools.map(toolRow)),
    ].join('\n');
}

/** What holds for all bots alike. */
function everyCall(): string {
    const rows = Object.entries({
        ...CALL_OUTPUT_VARIABLES,
        ...SITUATION_OUTPUT_VARIABLES,
        ...HANDOVER_OUTPUT_VARIABLES,
    });
    return section('Output variables of every call, whichever bot answers', rows).trimStart();
}

function waysTo(name: string): string[][] {
    const ways = [
        ['Connector ID', `${name}, where the Base Connection URI ends with a slash`],
        ['query', `?bot=${name} in the connection URL`],
        ['input variable', `bot = ${name}`],
        ['custom configuration', `{"bot": "${name}"}`],
    ];
    return name === 'default' ? [['no name', 'it answers calls that name no bot'], ...ways] : ways;
}

function inputRows({ inputVariables }: BotProfile): string[][] {
    return Object.entries(inputVariables).map(([name, variable]) => [
        name,
        variable.type,
        presence(variable),
        variable.type === 'string' ? `at most ${variable.maxLength} characters` : '',
        variable.description ?? '',
    ]);
}

function presence({ required, default: given }: InputVariable): string {
    if (required) return 'required';
    return given === undefined ? 'optional' : `default ${JSON.stringify(given)}`;
}

function outputRows({ outputVariables, tools }: BotProfile): string[][] {
    const own = Object.entries(outputVariables).map(([name, { maxLength, description = '' }]) => [
        name,
        `at most ${maxLength} characters`,
        description,
    ]);
    const transfer = tools.find((tool) => tool.kind === 'transfer_to_agent');
    const ofTransfer = transfer === undefined ? [] : Object.entries(TRANSFER_OUTPUT_VARIABLES);
    const isGiven = (name: string): boolean => name !== 'transfer_queue' || transfer?.queues !== undefined;
    return [
        ...own,
        ...ofTransfer.filter(([name]) => isGiven(name)).map(([name, what]) => [name, 'with a transfer', what]),
    ];
}

/** In which language the server speaks for this bot, where the bot has no words of its own. */
function wordsRows({ language, words = {} }: BotProfile): string[][] {
    const missing = sentencesMissing(language, words);
    const named = language ?? 'that of the call, else English';
    const own = Object.keys(words).length;
    const all = [['language', named], ...(own === 0 ? [] : [['own', String(own)]])];
    if (missing.length === 0) return all;
    return [...all, ['in ENGLISH', `${missing.join(', ')}: give them as words`]];
}

function environmentRows(profile: BotProfile, env: Environment): string[][] {
    return environmentNeeds(profile).map(({ name, what }) => {
        const isSet = (env[name] ?? '').trim() !== '';
        return [name, isSet ? 'set' : 'NOT SET', what];
    });
}

function toolRow(tool: ToolSpec): string[] {
    switch (tool.kind) {
        case 'http':
            return [tool.name, tool.kind, `${tool.method} ${tool.url}`];
        case 'data_action':
            return [tool.name, tool.kind, tool.actionId];
        case 'mcp':
            return [tool.label, tool.kind, `${tool.allowedTools.join(', ')} at ${tool.url ?? tool.tunnelId ?? ''}`];
        case 'set_variable':
            return [tool.kind, '', tool.variables.join(', ')];
        default:
            return [toolNameOf(tool) ?? '', tool.kind === 'code' ? 'code' : '', ''];
    }
}

function section(title: string, rows: readonly (readonly string[])[]): string {
    if (rows.length === 0) return `  ${title}: none`;
    const widths = [0, 1, 2, 3].map((at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
    const lines = rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '));
    return [`  ${title}`, ...lines.map((line) => `    ${line.trimEnd()}`)].join('\n');
}

function counted(profiles: number): string {
    return profiles === 1 ? '1 profile' : `${profiles} profiles`;
}
