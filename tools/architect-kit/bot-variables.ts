/** What goes into a bot and what comes out of it, with the places in its profile. */
import { dialogTexts, dialogVariables } from '../../src/services/profiles/dialog-texts';
import type { BotProfile } from '../../src/services/profiles/schema';
import { placeholdersIn } from '../../src/services/profiles/template';
import { toolNameOf, type HttpToolSpec, type ToolSpec } from '../../src/services/profiles/tool-schema';
import {
    CALL_OUTPUT_VARIABLES,
    HANDOVER_OUTPUT_VARIABLES,
    SITUATION_OUTPUT_VARIABLES,
    TRANSFER_OUTPUT_VARIABLES,
    type InputVariable,
} from '../../src/services/profiles/variables';

export interface BotInput extends InputVariable {
    readonly name: string;
    /** Variable of the flow that holds it. */
    readonly flowName: string;
    /** Where its placeholder stands; empty: nowhere. */
    readonly usedIn: readonly string[];
}

export interface BotOutput {
    readonly name: string;
    readonly flowName: string;
    readonly description: string;
    /** Most characters; undefined: the server sets it, and keeps it short. */
    readonly maxLength?: number;
    /** Who sets it. */
    readonly setBy: readonly string[];
    /** `own`: the profile declares it. `handover`: the server sets it where it is set to. `situation`: only some ends set it. */
    readonly kind: 'own' | 'transfer' | 'handover' | 'call' | 'situation';
}

export interface BotVariables {
    readonly inputs: readonly BotInput[];
    readonly outputs: readonly BotOutput[];
}

/** The variables of a bot, in the order of its profile; those that every call gives come last. */
export function variablesOf(profile: BotProfile): BotVariables {
    const inputNames = flowNames('in', Object.keys(profile.inputVariables));
    const inputs = Object.entries(profile.inputVariables).map(([name, variable]) => ({
        ...variable,
        name,
        flowName: inputNames(name),
        usedIn: placesOf(name, profile),
    }));
    const outputs = [...ownOutputs(profile), ...transferOutputs(profile), ...handover(profile), ...everyCall()];
    const outputNames = flowNames(
        'out',
        outputs.map(({ name }) => name),
    );
    return { inputs, outputs: outputs.map((each) => ({ ...each, flowName: outputNames(each.name) })) };
}

type Unnamed = Omit<BotOutput, 'flowName'>;

function ownOutputs(profile: BotProfile): Unnamed[] {
    return Object.entries(profile.outputVariables).map(([name, { description = '', maxLength }]) => ({
        name,
        description,
        maxLength,
        setBy: settersOf(name, profile),
        kind: 'own',
    }));
}

function settersOf(name: string, { tools, dialog }: BotProfile): string[] {
    const byTools = tools.filter((tool) => setsVariable(tool, name)).map((tool) => toolNameOf(tool) ?? '');
    const byDialog = dialog !== undefined && dialogVariables(dialog).includes(name) ? ['dialog'] : [];
    const byKeypad = tools.some(({ kind }) => kind === 'collect_digits') ? ['keypad entry of this name'] : [];
    const byCode = tools.flatMap((tool) => (tool.kind === 'code' ? [tool.name] : []));
    const known = [...byTools, ...byDialog];
    return known.length > 0 ? known : [...byKeypad, ...byCode];
}

function setsVariable(tool: ToolSpec, name: string): boolean {
    if (tool.kind === 'set_variable') return tool.variables.includes(name);
    return 'setVariables' in tool && Object.hasOwn(tool.setVariables ?? {}, name);
}

function transferOutputs({ tools, dialog }: BotProfile): Unnamed[] {
    const tool = tools.find(({ kind }) => kind === 'transfer_to_agent');
    const inDialog = dialog === undefined ? [] : dialogVariables(dialog);
    return Object.entries(TRANSFER_OUTPUT_VARIABLES).flatMap(([name, description]): Unnamed[] => {
        const byTool = tool !== undefined && (name !== 'transfer_queue' || choosesQueue(tool));
        const setBy = [...(byTool ? ['transfer_to_agent'] : []), ...(inDialog.includes(name) ? ['dialog'] : [])];
        return setBy.length === 0 ? [] : [{ name, description, setBy, kind: 'transfer' }];
    });
}

function choosesQueue(tool: ToolSpec): boolean {
    return tool.kind === 'transfer_to_agent' && tool.queues !== undefined;
}

/** A summary of the bot's own stands in the place of the server's. */
function handover({ outputVariables }: BotProfile): Unnamed[] {
    return rows(HANDOVER_OUTPUT_VARIABLES, 'handover').filter(({ name }) => !Object.hasOwn(outputVariables, name));
}

function everyCall(): Unnamed[] {
    return [...rows(CALL_OUTPUT_VARIABLES, 'call'), ...rows(SITUATION_OUTPUT_VARIABLES, 'situation')];
}

function rows(group: Readonly<Record<string, string>>, kind: BotOutput['kind']): Unnamed[] {
    return Object.entries(group).map(([name, description]) => ({ name, description, setBy: ['server'], kind }));
}

function placesOf(name: string, { instructions, greeting = '', dialog, tools }: BotProfile): string[] {
    const holds = (text: string): boolean => placeholdersIn(text).includes(name);
    return [
        ...(holds(instructions) ? ['instructions'] : []),
        ...(holds(greeting) ? ['greeting'] : []),
        ...(dialog !== undefined && dialogTexts(dialog).some(holds) ? ['dialog'] : []),
        ...tools.flatMap((tool) => (tool.kind === 'http' && httpTexts(tool).some(holds) ? [tool.name] : [])),
    ];
}

function httpTexts({ url, body }: HttpToolSpec): string[] {
    return [url, ...(typeof body === 'object' ? textsIn(body.template) : [])];
}

function textsIn(value: unknown): string[] {
    if (typeof value === 'string') return [value];
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Names of the flow's variables. Two that differ in capitals only get a number, because Architect may take them for one. */
function flowNames(prefix: string, names: readonly string[]): (name: string) => string {
    const taken = new Set<string>();
    const given = new Map(names.map((name) => [name, freeName(`Flow.${prefix}_${name}`, taken)]));
    return (name) => given.get(name) ?? '';
}

function freeName(wanted: string, taken: Set<string>): string {
    let name = wanted;
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${wanted}_${number}`;
    taken.add(name.toLowerCase());
    return name;
}
