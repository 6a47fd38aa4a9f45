import { DEFAULT_LINK_HOURS } from './after-call-variables';
import { hasHTTPService } from './openai';
import type { Environment } from './variables';

/** Where the records of calls go when they are over. Holds a secret: never log it. */
export interface CallWebhookConfig {
    readonly url: URL;
    /** Key of the signature. */
    readonly secret: string;
}

/** Links for agents. Holds a secret: never log it. */
export interface CallLinkConfig {
    /** Public address of this server. */
    readonly base: URL;
    readonly secret: string;
    readonly hours: number;
}

/** What becomes of a call at its end. */
export interface AfterCallConfig {
    /** Who writes the output variable `summary`; `off`: there is none. */
    readonly summary: 'off' | 'rules' | 'model';
    /** undefined: there is no output variable `call_link`, and no page. */
    readonly link: CallLinkConfig | undefined;
    /** undefined: records are sent nowhere. */
    readonly webhook: CallWebhookConfig | undefined;
}

export function afterCallConfig(values: Environment): AfterCallConfig {
    return { summary: values.HANDOVER_SUMMARY, link: linkConfig(values), webhook: webhookConfig(values) };
}

function linkConfig(values: Environment): CallLinkConfig | undefined {
    const { CALL_LINK_URL: base, CALL_LINK_SECRET: secret, CALL_LINK_HOURS: hours = DEFAULT_LINK_HOURS } = values;
    return base === undefined || secret === undefined ? undefined : { base, secret, hours };
}

function webhookConfig(values: Environment): CallWebhookConfig | undefined {
    const { CALL_WEBHOOK_URL: url, CALL_WEBHOOK_SECRET: secret } = values;
    return url === undefined || secret === undefined ? undefined : { url, secret };
}

/** Links need an address, a secret, and a record to show. */
export function linksAreWhole(values: Environment): string[] {
    const { CALL_LINK_URL: base, CALL_LINK_SECRET: secret, CALL_LINK_HOURS: hours } = values;
    if (base === undefined) return strays({ CALL_LINK_SECRET: secret, CALL_LINK_HOURS: hours }, 'CALL_LINK_URL');
    return [
        ...(secret === undefined ? ['CALL_LINK_SECRET must be set too, beside CALL_LINK_URL.'] : []),
        ...(values.CALL_RECORD === 'full'
            ? []
            : [
                  `CALL_LINK_URL is set, and CALL_RECORD is \`${values.CALL_RECORD}\`: a link would lead to a page without a word; right is CALL_RECORD=full, or to leave CALL_LINK_URL unset.`,
              ]),
    ];
}

/** A webhook needs an address, a secret, and a record to send. */
export function webhookIsWhole(values: Environment): string[] {
    const { CALL_WEBHOOK_URL: url, CALL_WEBHOOK_SECRET: secret } = values;
    if (url === undefined) return strays({ CALL_WEBHOOK_SECRET: secret }, 'CALL_WEBHOOK_URL');
    return [
        ...(secret === undefined ? ['CALL_WEBHOOK_SECRET must be set too, beside CALL_WEBHOOK_URL.'] : []),
        ...(values.CALL_RECORD === 'off'
            ? [
                  'CALL_WEBHOOK_URL is set, and CALL_RECORD is `off`: there would be nothing to send; right is CALL_RECORD=metadata or CALL_RECORD=full, or to leave CALL_WEBHOOK_URL unset.',
              ]
            : []),
    ];
}

/** A model can write a summary only where one can be asked. */
export function summaryHasModel(values: Environment): string[] {
    if (values.HANDOVER_SUMMARY !== 'model') return [];
    if (hasHTTPService(values) && values.OPENAI_CHAT_MODEL.toLowerCase() !== 'off') return [];
    return [
        'HANDOVER_SUMMARY is `model`, and no chat model can be asked over HTTP: right is OPENAI_API_KEY with an OPENAI_CHAT_MODEL other than `off` ' +
            '(and OPENAI_BASE_URL where OPENAI_REALTIME_URL is set, and not Azure), or HANDOVER_SUMMARY=rules.',
    ];
}

function strays(settings: Readonly<Record<string, unknown>>, missing: string): string[] {
    return Object.entries(settings)
        .filter(([, value]) => value !== undefined)
        .map(([name]) => `${name} is set, and ${missing} is not; right is to set both, or to leave ${name} unset.`);
}
