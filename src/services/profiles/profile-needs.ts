import type { BotProfile } from './profile-schema';
import { environmentNamesIn, type ToolSpec } from './tool-schema';

/** A variable of the environment that a bot cannot do without. */
export interface EnvironmentNeed {
    readonly name: string;
    /** What for, in words for the operator. */
    readonly what: string;
}

const DATA_ACTIONS = ['GENESYS_REGION', 'GENESYS_CLIENT_ID', 'GENESYS_CLIENT_SECRET'];

/** The variables of the environment that a profile names, or that its tools need: each once. */
export function environmentNeeds(profile: Pick<BotProfile, 'upstream' | 'tools'>): EnvironmentNeed[] {
    const { upstream, tools } = profile;
    const needs = [
        ...(upstream === undefined ? [] : [{ name: upstream.keyVariable, what: 'key of the model' }]),
        ...tools.flatMap(toolNeeds),
    ];
    return needs.filter(({ name }, index) => needs.findIndex((each) => each.name === name) === index);
}

/** Those of them that are not set. An empty one counts as not set. */
export function missingEnvironment(
    profile: Pick<BotProfile, 'upstream' | 'tools'>,
    env: Readonly<Record<string, string | undefined>>,
): EnvironmentNeed[] {
    return environmentNeeds(profile).filter(({ name }) => (env[name] ?? '').trim() === '');
}

function toolNeeds(tool: ToolSpec): EnvironmentNeed[] {
    switch (tool.kind) {
        case 'http':
            return Object.entries(tool.headers ?? {}).flatMap(([header, value]) =>
                environmentNamesIn(value).map((name) => ({ name, what: `header ${header} of ${tool.name}` })),
            );
        case 'data_action':
            return DATA_ACTIONS.map((name) => ({ name, what: 'Genesys Data Actions' }));
        case 'mcp':
            return tool.authorizationVariable === undefined
                ? []
                : [{ name: tool.authorizationVariable, what: `access to the MCP server ${tool.label}` }];
        default:
            return [];
    }
}
