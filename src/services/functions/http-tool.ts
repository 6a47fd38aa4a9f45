import { CodedError } from '../../support/errors';
import { isFields } from '../../support/json';
import { fillTemplate, placeholdersIn } from '../profiles/template';
import { fillEnvironment, type HttpToolSpec } from '../profiles/tool-schema';
import { HostList } from './http/address-guard';
import type { HttpClient } from './http/client';
import { askService, serviceTool } from './service-tool';
import type { CallContext, Tool } from './tool';
import { fillUrl, textOf, type ValueOf } from './http/url-template';

/** The environment, as far as the tools may read it. */
export type ToolEnvironment = Readonly<Record<string, string | undefined>>;

export interface HttpToolDeps {
    http: HttpClient;
    env: ToolEnvironment;
}

/** Headers that say how the message is framed, or which host it is for: a profile cannot set them. */
const OWN_HEADERS = /^(host|connection|content-length|transfer-encoding|accept-encoding|upgrade|te|trailer|expect)$/i;
const JSON_HEADER = { 'content-type': 'application/json' };

/**
 * A tool that asks a web service.
 *
 * @throws CodedError `ERR_TOOL` for a host that `allowedHosts` lacks, a header that the server sets, or a secret that is not in the
 * environment
 */
export function httpTool(spec: HttpToolSpec, deps: HttpToolDeps): Tool {
    const hosts = new HostList(spec.allowedHosts);
    checkHost(spec, hosts);
    const headers = { ...headersFrom(spec, deps.env), ...(hasBody(spec) ? JSON_HEADER : {}) };
    return serviceTool(spec, async (args, call, signal) => {
        const valueOf = valuesFor(spec, args, call);
        const url = fillUrl(spec.url, valueOf);
        if (typeof url === 'string') return { output: { error: url }, failure: 'refused' };
        const body = bodyFor(spec, args, valueOf);
        const send = () => deps.http({ method: spec.method, url, headers, body, hosts, signal });
        return askService({ host: url.host, signal, send }, call, spec);
    });
}

function checkHost({ name, url, allowedHosts }: HttpToolSpec, hosts: HostList): void {
    const filled = fillTemplate(url, () => 'x');
    const problem = URL.canParse(filled) ? hosts.problemWith(new URL(filled)) : 'It is no address.';
    if (problem === undefined) return;
    throw new CodedError('ERR_TOOL', `${name}: url: ${problem} allowedHosts: ${allowedHosts.join(', ')}.`);
}

function headersFrom({ name, headers = {} }: HttpToolSpec, env: ToolEnvironment): Record<string, string> {
    const filled = Object.entries(headers).map(([header, text]): [string, string] => {
        const refuse = (why: string): CodedError => new CodedError('ERR_TOOL', `${name}: headers.${header}: ${why}`);
        if (OWN_HEADERS.test(header)) throw refuse('This header is made by the server.');
        if (placeholdersIn(text).length > 0) throw refuse('A header takes no {{placeholder}}.');
        const value = fillEnvironment(text, (variable) => {
            const secret = env[variable]?.trim() ?? '';
            if (secret === '') throw refuse(`The environment variable ${variable} is not set.`);
            if (!/^[\x20-\x7e]+$/.test(secret)) throw refuse(`${variable} holds characters that no header takes.`);
            return secret;
        });
        return [header.toLowerCase(), value];
    });
    return Object.fromEntries(filled);
}

function hasBody({ method, body }: HttpToolSpec): boolean {
    return body !== undefined && method !== 'GET';
}

/** A declared argument has the model's value; every other name is an input variable, which the model cannot change. */
function valuesFor({ parameters }: HttpToolSpec, args: unknown, call: CallContext): ValueOf {
    const given = isFields(args) ? args : {};
    return (name) => {
        if (Object.hasOwn(parameters.properties, name)) return Object.hasOwn(given, name) ? given[name] : undefined;
        return Object.hasOwn(call.inputVariables, name) ? call.inputVariables[name] : undefined;
    };
}

function bodyFor(spec: HttpToolSpec, args: unknown, valueOf: ValueOf): string | undefined {
    if (!hasBody(spec) || spec.body === undefined) return undefined;
    return JSON.stringify(spec.body === 'json' ? args : filledValue(spec.body.template, valueOf));
}

function filledValue(value: unknown, valueOf: ValueOf): unknown {
    if (typeof value === 'string') return filledText(value, valueOf);
    if (Array.isArray(value)) return value.map((each: unknown) => filledValue(each, valueOf));
    if (!isFields(value)) return value;
    const entries = Object.entries(value).map(([name, each]): [string, unknown] => [name, filledValue(each, valueOf)]);
    return Object.fromEntries(entries);
}

/** A text that is one placeholder and nothing else becomes the value itself. */
function filledText(text: string, valueOf: ValueOf): unknown {
    const [name] = placeholdersIn(text);
    if (name !== undefined && /^\{\{[ \t]*\w+[ \t]*\}\}$/.test(text)) return valueOf(name) ?? null;
    return fillTemplate(text, (each) => textOf(valueOf(each)) ?? '');
}
