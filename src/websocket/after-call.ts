import { AgentPages } from '../call-records/agent-page/agent-pages';
import { CallLinks } from '../call-records/agent-page/call-link';
import type { ArchiveFigures, AttachToCall, CallArchive, DocumentListener } from '../call-records/call-archive';
import { Extraction } from '../call-records/extraction';
import { CallWebhook } from '../call-records/webhook/call-webhook';
import type { Config } from '../config/config';
import { Flights } from '../flight/flights';
import type { BotService } from '../services/bot-service';
import type { ObserveCall } from '../services/call-observer';
import type { MakeHandover } from '../services/handover/handover';
import { Handovers } from '../services/handover/handovers';
import { OneAnswer } from '../speech/chat/one-answer';
import type { Clock } from '../support/clock';
import { overWithin } from '../support/deadline';
import { CodedError } from '../support/errors';
import type { Logger } from '../support/logger';
import { createCallArchive, type StoredCalls, type RecordParts } from './call-records';

export interface AfterCallDeps {
    readonly bots: Pick<BotService, 'extractOf' | 'names'>;
    readonly clock: Clock;
    readonly logger: Logger;
}

/** How long the end of the server waits for the deliveries under way, ms. */
const STOP_MS = 5000;

/**
 * What a server does at and after the end of its calls: the hand-over to the agent, the record, what a model is asked about a call, the webhook.
 * One for all calls.
 */
export class AfterCall {
    /** undefined: the agent is told nothing. */
    readonly handover: MakeHandover | undefined;
    private agentPages: AgentPages | undefined;
    private webhook: CallWebhook | undefined;
    /** undefined: there is no chat model to ask. */
    private readonly chat: OneAnswer | undefined;
    private readonly extraction: Extraction;
    /** undefined: no records of calls are kept. */
    private readonly archive: CallArchive | undefined;
    /** Records calls for a replay; undefined: none. */
    readonly flights: Flights | undefined;

    /** @throws what `createCallArchive` throws, and CodedError `ERR_CONFIG` when RECORD_FLIGHT_BOTS names a bot that there is not */
    constructor(
        private readonly config: Config,
        private readonly deps: AfterCallDeps,
    ) {
        const { clock, logger, bots } = deps;
        const chat = chatOf(config, clock);
        this.chat = chat;
        this.extraction = new Extraction({
            ask: chat && ((question) => chat.ask(question)),
            specOf: (bot) => bots.extractOf(bot),
            logger,
        });
        this.flights = config.flight && new Flights(config, config.flight, { clock, logger });
        checkFlightBots(config.flight?.bots, bots.names);
        this.archive = createCallArchive(config.callRecords, {
            clock,
            logger,
            partsFor: (calls) => this.partsFor(calls),
            attachFlight: this.flights?.attach,
        });
        this.handover = this.createHandover(chat);
    }

    /** Those that follow each call. */
    get observers(): readonly ObserveCall[] {
        return this.archive?.observers ?? [];
    }

    /** For the metrics; undefined: no records of calls are kept. */
    get figures(): ArchiveFigures | undefined {
        return this.archive?.figures;
    }

    /** The pages that agents open; undefined: there are none. */
    get pages(): AgentPages | undefined {
        return this.agentPages;
    }

    /** Goes on with what an earlier process has left. Never rejects. */
    async start(): Promise<void> {
        const { afterCall, callRecords } = this.config;
        // No call waits until the client is loaded.
        if (afterCall.summary === 'model' || callRecords?.mode === 'full') this.chat?.warm();
        await this.archive?.start();
        this.webhook?.start();
    }

    /** Records of calls are completed and stored, within seconds; deliveries that wait stay on the disk. Never rejects. */
    async stop(): Promise<void> {
        const { clock } = this.deps;
        await this.flights?.close();
        // A model is not waited for: what it was asked is left out.
        this.extraction.close();
        // It still keeps the deliveries of records that are completed now, and reads nothing from a store that is being closed.
        if (this.webhook !== undefined) await overWithin(clock, STOP_MS, this.webhook.stop());
        await this.archive?.stop();
    }

    private partsFor({ store, outbox, maxDays }: StoredCalls): RecordParts {
        const { clock, logger } = this.deps;
        const { link, webhook: to } = this.config.afterCall;
        if (link !== undefined) this.agentPages = new AgentPages({ links: new CallLinks(link), store, clock, logger });
        const { extraction } = this;
        const extract: AttachToCall = () => ({
            finish: async (document) => {
                const extracted = await extraction.answersFor(document);
                return extracted && { fields: { extracted } };
            },
        });
        if (to === undefined) return { attachments: [extract], listeners: [] };
        const webhook = new CallWebhook({ ...to, outbox, maxDays, store, clock, logger });
        this.webhook = webhook;
        // The delivery is on the disk before the record is stored: a process that dies in between delivers it when the record is recovered.
        const keep: AttachToCall = () => ({
            finish: async (document) => {
                await webhook.take(document);
                return undefined;
            },
        });
        const tell: DocumentListener = (document) => {
            void webhook.take(document).then(() => {
                webhook.stored(document.sessionId);
            });
        };
        return { attachments: [extract, keep], listeners: [tell] };
    }

    private createHandover(chat: OneAnswer | undefined): MakeHandover | undefined {
        const { summary } = this.config.afterCall;
        const { agentPages } = this;
        if (summary === 'off' && agentPages === undefined) return undefined;
        return new Handovers({
            summary,
            ask: chat && ((messages, limitMs, signal) => chat.ask({ messages, limitMs, signal })),
            linkTo: agentPages?.linkTo,
            keep: agentPages?.keep,
        }).of;
    }
}

/** @throws CodedError `ERR_CONFIG` when there is no bot of a name */
function checkFlightBots(wanted: readonly string[] | undefined, names: readonly string[]): void {
    const unknown = (wanted ?? []).filter((name) => !names.includes(name));
    if (unknown.length === 0) return;
    throw new CodedError(
        'ERR_CONFIG',
        `\n  - RECORD_FLIGHT_BOTS: there is no bot ${unknown.join(', ')}; right is one of ${names.join(', ')}`,
    );
}

/** undefined: there is no chat model to ask. */
function chatOf({ localSpeech: { rest } }: Pick<Config, 'localSpeech'>, clock: Clock): OneAnswer | undefined {
    if (rest?.chatModel === undefined) return undefined;
    const { apiKey, baseURL, headers, chatModel: model } = rest;
    return new OneAnswer({ apiKey, baseURL, headers, model }, clock);
}
