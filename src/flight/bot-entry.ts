import type { OpenAIConfig, TurnTakingConfig } from '../config/config';
import type { BotPlan } from '../services/bot-plan';
import type { ChosenBot, UnknownBot } from '../services/bot-service';
import { builtInTool } from '../services/functions/built-in-tools';
import type { Tool } from '../services/functions/tool';
import { Toolbox, type SessionTool } from '../services/functions/toolbox';
import type { OutputVariables } from '../services/profiles/variables';

type ToolEntry = Pick<Tool, 'name' | 'description' | 'parameters' | 'limitMs' | 'filler'>;

/** A plan as a flight file holds it: without keys, and with the descriptions of functions in place of functions. */
export interface PlanEntry extends Omit<BotPlan, 'openai' | 'toolbox' | 'variables'> {
    /** Without headers and salt. */
    readonly openai?: OpenAIConfig | undefined;
    readonly tools?: readonly ToolEntry[] | undefined;
    readonly servers?: readonly SessionTool[] | undefined;
}

/** The bot that was found, as a flight file holds it. */
export interface BotEntry {
    /** There is none of this name. */
    readonly unknown?: string;
    readonly name?: string;
    readonly version?: string | undefined;
    readonly turnTaking?: TurnTakingConfig;
    readonly maxCallMinutes?: number;
    /** Speech over the bot is judged. */
    readonly isJudged?: boolean;
    readonly declared?: OutputVariables['declared'];
    readonly others?: OutputVariables['others'];
    /** undefined: a bot without one, see `name`. */
    readonly plan?: PlanEntry | undefined;
    /** Why local speech could not be loaded. */
    readonly loadFault?: unknown;
}

/** Bots of the server that need no plan. */
export const PLAIN_BOTS = ['echo', 'silent'] as const;

export function botEntry(bot: ChosenBot | UnknownBot, plan: BotPlan | undefined, loadFault: unknown): BotEntry {
    if ('unknown' in bot) return { unknown: bot.unknown };
    const { name, version, turnTaking, maxCallMinutes, speechMeter, variables } = bot;
    const { declared, others } = variables;
    const isJudged = speechMeter !== undefined;
    const made = plan && planEntry(plan);
    return { name, version, turnTaking, maxCallMinutes, isJudged, declared, others, plan: made, loadFault };
}

function planEntry({ openai, toolbox, variables: _variables, ...rest }: BotPlan): PlanEntry {
    const definitions = toolbox?.definitions ?? [];
    const tools = toolbox?.names.flatMap((name) => {
        const tool = toolbox.find(name);
        return tool === undefined ? [] : [toolEntry(tool)];
    });
    const bare = openai && { ...openai, headers: {}, safetySalt: undefined };
    return { ...rest, openai: bare, tools, servers: definitions.filter(({ type }) => type !== 'function') };
}

function toolEntry({ name, description, parameters, limitMs, filler }: Tool): ToolEntry {
    return {
        name,
        description,
        parameters,
        ...(limitMs !== undefined && { limitMs }),
        ...(filler !== undefined && { filler }),
    };
}

/** The plan again: its functions are those of the server, and others that cannot run, because a replay answers for them. */
export function planOf(entry: PlanEntry, variables: OutputVariables): BotPlan {
    const { tools, servers = [], openai, dialog, voice, language, ...rest } = entry;
    const toolbox = tools && new Toolbox(tools.map(toolOf), servers);
    return { ...rest, openai, dialog, voice, language, toolbox, variables };
}

function toolOf(entry: ToolEntry): Tool {
    const builtIn = builtInTool(entry.name);
    if (builtIn !== undefined) return { ...builtIn, ...entry };
    return { ...entry, run: () => Promise.reject(new Error('A replay runs no function of its own.')) };
}
