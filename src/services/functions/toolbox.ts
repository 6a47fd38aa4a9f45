import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import type { RealtimeToolsConfigUnion } from 'openai/resources/realtime/realtime';
import { CodedError } from '../../support/errors';
import { AJV_OPTIONS } from '../profiles/tool-schema';
import type { Tool } from './tool';
import { SparseMap } from '../../support/sparse';

/** Without checking the schema itself, which takes ten times as long: schemas of profiles were checked when they were read. */
const OPTIONS = { ...AJV_OPTIONS, allErrors: true, addUsedSchema: false, validateSchema: false, meta: false } as const;
const MAX_PROBLEMS = 3;
const MAX_NAME_CHARS = 64;

/** A tool as the session is told of it (docs/REALTIME.md, 6): a function of this server, or an MCP server that OpenAI asks itself. */
export type SessionTool = RealtimeToolsConfigUnion;

/** The tools of a bot, with the checks of their arguments: one for all calls of the bot, because compiling takes time. */
export class Toolbox {
    private readonly tools: ReadonlyMap<string, Tool>;
    private checks = new SparseMap<string, ValidateFunction>();
    private ajv: Ajv | undefined;

    constructor(
        tools: readonly Tool[],
        /** MCP servers, as `mcpServers` makes them. */
        private readonly servers: readonly SessionTool[] = [],
    ) {
        this.tools = new Map(tools.map((tool) => [tool.name, tool]));
    }

    get names(): string[] {
        return [...this.tools.keys()];
    }

    /** The tools as the session is told of them. */
    get definitions(): SessionTool[] {
        const functions = [...this.tools.values()].map(({ name, description, parameters }) => {
            return { type: 'function' as const, name, description, parameters };
        });
        return [...functions, ...this.servers];
    }

    /** The same box with other tools in place of its own. Those keep their names and parameters, and the checks are shared. */
    mapped(change: (tool: Tool) => Tool): Toolbox {
        const box = new Toolbox([...this.tools.values()].map(change), this.servers);
        box.checks = this.checks;
        return box;
    }

    find(name: string): Tool | undefined {
        return this.tools.get(name);
    }

    /**
     * Compiles every check now instead of at the first use.
     *
     * @throws CodedError `ERR_TOOL` that names the tool whose schema is wrong
     */
    compile(): void {
        for (const tool of this.tools.values()) this.checkFor(tool);
    }

    /**
     * What is wrong with the arguments, in words for the model; undefined: nothing is. The words hold no value, because a value may be
     * a secret of the caller.
     */
    problemWith(tool: Tool, args: unknown): string | undefined {
        const check = this.checkFor(tool);
        if (check(args)) return undefined;
        const errors = check.errors ?? [];
        const problems = errors.slice(0, MAX_PROBLEMS).map(explain).join('; ');
        return `The arguments are wrong: ${problems}${errors.length > MAX_PROBLEMS ? '; and more' : ''}.`;
    }

    private checkFor(tool: Tool): ValidateFunction {
        const known = this.checks.get(tool.name);
        if (known !== undefined) return known;
        const check = this.compileOne(tool);
        this.checks.set(tool.name, check);
        return check;
    }

    private compileOne({ name, parameters }: Tool): ValidateFunction {
        try {
            this.ajv ??= new Ajv(OPTIONS);
            return this.ajv.compile(parameters);
        } catch (fault) {
            const why = fault instanceof Error ? fault.message : String(fault);
            throw new CodedError('ERR_TOOL', `${name}: its parameters are no JSON Schema that can be used: ${why}`);
        }
    }
}

/** `/items/0` must …, in the words of the schema. */
function explain({ instancePath, keyword, message, params }: ErrorObject): string {
    const place = instancePath === '' ? 'they' : JSON.stringify(instancePath.slice(1, MAX_NAME_CHARS + 1));
    const words = `${place} ${message ?? `must fit ${keyword}`}`;
    if (keyword === 'additionalProperties') return `${words}: ${nameIn(params, 'additionalProperty')}`;
    if (keyword === 'enum') return `${words}: ${JSON.stringify(Reflect.get(params, 'allowedValues')).slice(0, 500)}`;
    return words;
}

function nameIn(params: object, field: string): string {
    return JSON.stringify(String(Reflect.get(params, field)).slice(0, MAX_NAME_CHARS));
}
