/** The tools of a bot profile, as data: what a designer writes. src/services/functions makes tools that run from them. */
import Ajv from 'ajv';
import { z } from 'zod';
import { environmentName, httpUrl, httpsUrl, jsonPath, toolName, variableName, words } from './fields';
import { NAME_PATTERN } from './template';
import { linearPattern, patternProblems, withCappedPatterns } from './tool-pattern';

/** Longest time that a tool may have, in ms; the caller waits meanwhile. */
const MAX_TOOL_TIMEOUT_MS = 30_000;

/** What ajv is told wherever arguments are checked: unknown keywords are slips of the pen, and nothing is printed. */
export const AJV_OPTIONS = {
    strict: true,
    strictRequired: true,
    validateFormats: false,
    logger: false,
    code: { regExp: linearPattern },
} as const;

const property = z.looseObject({ description: z.string().optional() });

/** An object schema whose properties have usable names, and that compiles. */
const parametersSchema = z
    .looseObject({
        type: z.literal('object'),
        properties: z.record(z.string().regex(NAME_PATTERN, 'must be letters, digits and underscores'), property),
        required: z.array(z.string()).optional(),
    })
    .superRefine((schema, context) => {
        const message = schemaProblem(schema);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .overwrite(withCappedPatterns);

/** What is wrong with a JSON Schema, in words; undefined: nothing is. */
export function schemaProblem(schema: Record<string, unknown>): string | undefined {
    try {
        new Ajv(AJV_OPTIONS).compile(schema);
        return patternProblems(schema)[0];
    } catch (fault) {
        return `is no JSON Schema that can be used: ${fault instanceof Error ? fault.message : String(fault)}`;
    }
}

const description = words(1, 1000).describe('When to use it, and what it gives: words for the model.');

const parameters = parametersSchema
    .describe('JSON Schema of the arguments that the model gives. Left out: none.')
    .default({ type: 'object', properties: {}, additionalProperties: false });

const timeoutMs = z
    .int()
    .min(500)
    .max(MAX_TOOL_TIMEOUT_MS)
    .default(8000)
    .describe('Milliseconds after which it has failed. Default 8000.');

const filler = words(1, 200).optional().describe('Said to the caller when it takes longer than a moment.');

const response = z
    .strictObject({
        pick: z
            .record(variableName, jsonPath)
            .optional()
            .describe('What the model is told: name → place in the response ("balance.amount"). Left out: all of it.'),
        redact: z
            .array(jsonPath)
            .max(50)
            .optional()
            .describe('Places in the response whose values are replaced by "[redacted]" before the model sees them.'),
        maxChars: z
            .int()
            .min(100)
            .max(16_000)
            .default(4000)
            .describe('Most characters of the response that the model is told. Default 4000.'),
    })
    .describe('What is kept of the response.');

const setVariables = z
    .record(variableName, jsonPath)
    .optional()
    .describe('Output variables that are set from the response: name → place in the response.');

const endCall = z
    .strictObject({ kind: z.literal('end_call') })
    .describe('The bot may hang up, after a goodbye that is played to its end.');

const transferToAgent = z
    .strictObject({
        kind: z.literal('transfer_to_agent'),
        description: description.optional(),
        reasons: z
            .array(words(1, 100))
            .min(1)
            .max(50)
            .optional()
            .describe('The reasons to choose from (output variable transfer_reason). Left out: the bot words it.'),
        queues: z
            .array(words(1, 100))
            .min(1)
            .max(50)
            .optional()
            .describe('The queues to choose from (output variable transfer_queue). Left out: Architect decides.'),
    })
    .describe('The bot hands the caller back to Architect for an agent: end_reason is "transfer".');

const collectDigits = z
    .strictObject({ kind: z.literal('collect_digits') })
    .describe('The bot may ask for digits on the telephone keypad; secure ones are never told to it.');

const setVariable = z
    .strictObject({
        kind: z.literal('set_variable'),
        variables: z
            .array(variableName)
            .min(1)
            .max(50)
            .describe('The output variables that the bot itself may set. Each is declared in outputVariables.'),
    })
    .describe('The bot may set output variables for Architect.');

const http = z
    .strictObject({
        kind: z.literal('http'),
        name: toolName,
        description,
        method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
        url: httpUrl.describe(
            'The address, with {{argument}} or {{input variable}} in its path and query; each is percent-encoded.',
        ),
        allowedHosts: z
            .array(z.string().regex(/^(\[[\da-f:.]+\]|[a-z\d.-]+)(:\d{1,5})?$/))
            .min(1)
            .max(20)
            .describe('Hosts that may be asked, in small letters, with the port where it is not the usual one.'),
        headers: z
            .record(z.string().regex(/^[A-Za-z][A-Za-z\d-]{0,63}$/), z.string().regex(/^[\x20-\x7e]{0,2000}$/))
            .optional()
            .describe('Headers. ${NAME} stands for a variable of the environment: the place for secrets.'),
        parameters,
        body: z
            .union([
                z.literal('json').describe('The arguments, as a JSON object.'),
                z
                    .strictObject({ template: z.record(z.string(), z.json()) })
                    .describe(
                        'A JSON object whose texts may hold placeholders. A text that is one placeholder and nothing ' +
                            'else becomes the value itself: a number stays a number.',
                    ),
            ])
            .optional()
            .describe('What is sent with POST, PUT, PATCH or DELETE. Left out: nothing.'),
        response: response.optional(),
        timeoutMs,
        filler,
        setVariables,
    })
    .describe('The bot may ask a web service.');

const dataAction = z
    .strictObject({
        kind: z.literal('data_action'),
        name: toolName,
        description,
        actionId: z
            .string()
            .regex(/^[\w-]{1,128}$/)
            .describe('Id of the Genesys Data Action, such as custom_-_0f6c….'),
        parameters,
        response: response.optional(),
        timeoutMs,
        filler,
        setVariables,
        maxCallsPerCall: z
            .int()
            .min(1)
            .max(100)
            .default(10)
            .describe('How often it may run in one telephone call. Default 10.'),
    })
    .describe('The bot may run a Genesys Data Action.');

const mcp = z
    .strictObject({
        kind: z.literal('mcp'),
        label: z
            .string()
            .regex(/^[A-Za-z][\w-]{0,63}$/)
            .describe('A short name for the server, unique in the profile.'),
        description: description.optional(),
        url: httpsUrl.optional().describe('Its address: https, and to be reached by OpenAI, which calls it.'),
        tunnelId: z
            .string()
            .regex(/^tunnel_[a-z\d]{32}$/, 'must be tunnel_ and 32 small letters and digits')
            .optional()
            .describe(
                'Instead of an address: the id of OpenAI’s Secure MCP Tunnel to a server that the internet cannot reach.',
            ),
        allowedTools: z
            .array(z.string().regex(/^[\w.-]{1,128}$/))
            .min(1)
            .max(100)
            .describe('The tools of the server that the bot may use.'),
        authorizationVariable: environmentName
            .optional()
            .describe('Name of the environment variable that holds the access token: the name, never the token.'),
    })
    .refine(({ url, tunnelId }) => (url === undefined) !== (tunnelId === undefined), {
        error: 'must have either url or tunnelId',
    })
    .describe('The bot may use tools of an MCP server.');

const code = z
    .strictObject({
        kind: z.literal('code'),
        name: toolName.describe('The name under which the tool is registered in code.'),
    })
    .describe('The bot may use a tool that is written in TypeScript and registered at start.');

/** One tool of a profile. Rules that need the whole profile stand in rules.ts. */
export const toolSchema = z.discriminatedUnion('kind', [
    endCall,
    transferToAgent,
    collectDigits,
    setVariable,
    http,
    dataAction,
    mcp,
    code,
]);

/** A tool, read: defaults are filled in. Told apart by `kind`. */
export type ToolSpec = z.output<typeof toolSchema>;
export type HttpToolSpec = z.output<typeof http>;
export type DataActionToolSpec = z.output<typeof dataAction>;
export type McpToolSpec = z.output<typeof mcp>;
export type CodeToolSpec = z.output<typeof code>;
/** What is kept of a response of `http` and `data_action`. */
export type ResponseSpec = z.output<typeof response>;

/** The name under which the model knows a tool; undefined: an MCP server brings its own. */
export function toolNameOf(tool: ToolSpec): string | undefined {
    if (tool.kind === 'mcp') return undefined;
    return 'name' in tool ? tool.name : tool.kind;
}

/** The names of the environment in a header: `${NAME}`. */
export function environmentNamesIn(text: string): string[] {
    return Array.from(text.matchAll(ENVIRONMENT_REFERENCE), ([, name = '']) => name);
}

/** Puts values in the place of `${NAME}`, in one pass. */
export function fillEnvironment(text: string, valueOf: (name: string) => string): string {
    return text.replace(ENVIRONMENT_REFERENCE, (_, name: string) => valueOf(name));
}

const ENVIRONMENT_REFERENCE = /\$\{([A-Z][A-Z\d_]{0,99})\}/g;
