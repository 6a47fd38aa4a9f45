import { createHash } from 'node:crypto';
import type { RealtimeToolsConfigUnion } from 'openai/resources/realtime/realtime';
import type { OpenAIConfig } from '../../config/config';
import type { Logger } from '../../support/logger';
import { loggedAddress } from '../../support/redact';
import { apiFacts } from './errors';
import type { ApiError } from './events';
import { sessionFor, type ServiceTurns, type SessionRequest } from './session-config';
import { SparseSet } from '../../support/sparse';

/**
 * What a session can do without, deeper fields first: without one of them the service's default holds, or nothing at all
 * (docs/REALTIME.md, 2.6). A refusal is told by the last name of a path: none is also the name of an essential field.
 */
const OPTIONAL_PATHS: readonly (readonly string[])[] = [
    ['audio', 'input', 'noise_reduction', 'strength'],
    ['audio', 'input', 'noise_reduction'],
    ['audio', 'input', 'transcription', 'keywords'],
    ['audio', 'input', 'transcription', 'languages'],
    ['audio', 'input', 'transcription', 'language'],
    ['audio', 'input', 'transcription', 'prompt'],
    ['audio', 'input', 'transcription'],
    ['audio', 'input', 'turn_detection', 'idle_timeout_ms'],
    ['audio', 'output', 'speed'],
    ['truncation', 'token_limits'],
    ['truncation'],
    ['reasoning'],
    ['tracing'],
    ['parallel_tool_calls'],
    ['tool_choice'],
    ['max_output_tokens'],
];

/** An optional field of a configuration that is sent, and its value. An MCP server is one, too, as `tools.<label>`. */
interface OptionalField {
    /** Path below `session`, with dots. */
    readonly path: string;
    readonly value: unknown;
}

/**
 * The optional fields of `session` for which `error` refused it. Empty: it names an essential field. All of them: it names no
 * field at all.
 */
function refusedFields(error: ApiError, session: SessionRequest): readonly OptionalField[] {
    const present = optionalFieldsOf(session);
    if (error.param !== undefined) return namedIn(error.param, present, session);
    const quoted = quotedIn(error);
    if (quoted.length === 0) return present;
    return quoted.flatMap((name) => namedIn(name, present, session)).slice(0, 1);
}

function quotedIn({ message }: ApiError): string[] {
    return Array.from(message.matchAll(/'([\w.[\]]+)'/g), ([, name = '']) => name);
}

function namesNoField(error: ApiError): boolean {
    return error.param === undefined && quotedIn(error).length === 0;
}

function optionalFieldsOf(session: SessionRequest): OptionalField[] {
    const fields = OPTIONAL_PATHS.map((path) => ({ path: path.join('.'), value: valueAt(session, path) }));
    const servers = (session.tools ?? []).flatMap((tool) =>
        tool.type === 'mcp' ? [{ path: `tools.${tool.server_label}`, value: tool }] : [],
    );
    return [...fields, ...servers].filter(({ value }) => value !== undefined);
}

function namedIn(param: string, present: readonly OptionalField[], session: SessionRequest): readonly OptionalField[] {
    const parts = param.split(/[.[\]]+/);
    const tools = parts.indexOf('tools');
    if (tools >= 0) {
        const tool = session.tools?.[Number(parts[tools + 1])];
        return present.filter(({ value }) => value === tool);
    }
    const found = present.find(({ path }) => parts.includes(path.slice(path.lastIndexOf('.') + 1)));
    return found === undefined ? [] : [found];
}

function valueAt(holder: unknown, path: readonly string[]): unknown {
    return path.reduce<unknown>((part, name) => (isObject(part) ? part[name] : undefined), holder);
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === 'object' && value !== null;
}

const MAX_REMEMBERED = 500;

/** The refusals as a session sees them; `RefusedFields` is what all calls know. */
export type KnownRefusals = Pick<RefusedFields, 'add' | 'without'>;

/**
 * The optional fields that services have refused, for the life of the process: another call does not send them to the same service
 * again. A field that a service does not know is left out with any value, another one only with the value that was refused.
 */
export class RefusedFields {
    private readonly keys = new SparseSet<string>();

    /** `known`: what another one has remembered, as its `known` gives it. */
    constructor(known: readonly string[] = []) {
        for (const key of known) this.keys.add(key);
    }

    /** One text for each refusal: a hash stands for the value. */
    get known(): string[] {
        return [...this.keys];
    }

    /** @returns false: it was known before */
    add(url: string, { path, value }: OptionalField, error: ApiError): boolean {
        // The value of `tracing` is another one in each call.
        const isWhole = error.code === 'unknown_parameter' || path === 'tracing';
        const key = isWhole ? keyOf(url, path) : keyOf(url, path, value);
        if (this.keys.has(key)) return false;
        this.keys.add(key);
        if (this.keys.size > MAX_REMEMBERED) this.keys.delete(this.keys.values().next().value ?? key);
        return true;
    }

    /** The configuration without what the service at `url` has refused. */
    without(url: string, session: SessionRequest): SessionRequest {
        if (this.keys.size === 0) return session;
        const refused = optionalFieldsOf(session).filter(
            ({ path, value }) => this.keys.has(keyOf(url, path)) || this.keys.has(keyOf(url, path, value)),
        );
        return refused.reduce(withoutField, session);
    }
}

/** Values are kept as hashes: an MCP server's may hold a token. */
function keyOf(url: string, path: string, value?: unknown): string {
    if (value === undefined) return `${url} ${path}`;
    return `${url} ${path} ${createHash('sha256').update(JSON.stringify(value)).digest('base64')}`;
}

function withoutField(session: SessionRequest, { path, value }: OptionalField): SessionRequest {
    if (path.startsWith('tools.')) return { ...session, tools: session.tools?.filter((tool) => tool !== value) ?? [] };
    const copy = structuredClone(session);
    const [name = '', ...holders] = path.split('.').reverse();
    const holder = valueAt(copy, holders.reverse());
    if (isObject(holder)) Reflect.deleteProperty(holder, name);
    return { ...copy, tools: session.tools ?? [] };
}

interface SettingsDeps {
    logger: Logger;
    tools?: readonly RealtimeToolsConfigUnion[];
    /** Known to all calls; undefined: those of this session alone. */
    refusedFields?: KnownRefusals | undefined;
}

/** What one session is told of its settings: all of them, but for the optional ones that the service refuses. */
export class SessionSettings {
    private sent: SessionRequest | undefined;
    private readonly refused: KnownRefusals;
    /** Left out of this session because of a refusal that named no field; whether they were the cause is not known yet. */
    private readonly suspected = new RefusedFields();
    private readonly suspects: { field: OptionalField; error: ApiError }[] = [];

    constructor(
        private readonly config: OpenAIConfig,
        private readonly deps: SettingsDeps,
    ) {
        this.refused = deps.refusedFields ?? new RefusedFields();
    }

    /** The next configuration to send. `isLater`: the session has one, and tracing, which cannot change, is left out. */
    next(turns: ServiceTurns, isLater: boolean): SessionRequest {
        const session = this.accepting(turns);
        if (isLater) delete session.tracing;
        this.sent = session;
        return session;
    }

    /** An update that changes nothing but what the service does when the caller speaks. */
    turnTaking(turns: ServiceTurns): SessionRequest {
        const { audio } = this.accepting(turns);
        const { turn_detection } = audio?.input ?? {};
        return { type: 'realtime', audio: { input: { ...(turn_detection !== undefined && { turn_detection }) } } };
    }

    private accepting(turns: ServiceTurns): SessionRequest {
        const whole = sessionFor(this.config, { tools: this.deps.tools ?? [], turns });
        const { url } = this.config;
        return this.suspected.without(url, this.refused.without(url, whole));
    }

    /** The configuration was refused: the next one leaves out the optional fields for which it was. @returns false: there are none */
    canDoWithout(error: ApiError): boolean {
        const fields = this.sent === undefined ? [] : refusedFields(error, this.sent);
        for (const field of fields) {
            if (!namesNoField(error)) this.remember(field, error);
            else if (this.suspected.add(this.config.url, field, error)) this.suspects.push({ field, error });
        }
        return fields.length > 0;
    }

    /** The service has accepted the last configuration: what it leaves out on suspicion was the cause of the refusal. */
    accepted(): void {
        for (const { field, error } of this.suspects.splice(0)) this.remember(field, error);
    }

    /** No later call sends the field. */
    private remember(field: OptionalField, error: ApiError): void {
        const { url } = this.config;
        if (!this.refused.add(url, field, error)) return;
        const facts = { ...apiFacts(error), address: loggedAddress(url) };
        const named = { code: 'ERR_OPENAI_FIELD_REFUSED', field: field.path, ...facts };
        this.deps.logger.warn(named, 'OpenAI refused an optional field of the session; calls go on without it.');
    }

    /** The words of the caller will be known, as far as the service was told to transcribe them. */
    get transcribes(): boolean {
        const input = this.sent === undefined ? this.config : this.sent.audio?.input;
        return input?.transcription !== undefined;
    }
}
