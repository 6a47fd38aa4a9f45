import { planResponse, type ResponseRequest } from './responses';
import { API_FAULTS, type ApiFault } from './api-faults';
import type { ResponseSummary } from './faults';
import type { ResponseParams } from './protocol';
import { ResponseRun, type RunRequest } from './response-run';
import type { SessionParts } from './session-parts';

/** Makes responses: one at a time in the conversation, any number beside it (docs/REALTIME.md, 4.2 and 4.6). */
export class Responder {
    /** The last response that ended, for junk that refers to it. */
    lastResponseId = 'resp_none';
    private active: ResponseRun | undefined;
    private readonly besides = new Set<ResponseRun>();
    private responseCount = 0;
    private spokenItems = 0;

    constructor(
        private readonly parts: SessionParts,
        private readonly onOver: (run: ResponseRun) => void,
    ) {}

    get activeId(): string | undefined {
        return this.active?.id;
    }

    create(params: ResponseParams, trigger: ResponseRequest['trigger']): ApiFault | undefined {
        const fault = this.refusal(params);
        if (fault === undefined) this.begin(params, trigger);
        return fault;
    }

    /** `response.cancel`: the active response, or the one that is named. */
    cancel(responseId: string | undefined): ApiFault | undefined {
        const run = this.find(responseId);
        if (run === undefined) return API_FAULTS.nothingToCancel();
        run.cancel('client_cancelled');
        return undefined;
    }

    /** The caller began to speak: the active response ends, after what was on its way already. */
    interrupt(): void {
        const { timers, settings } = this.parts;
        const run = this.active;
        if (run === undefined) return;
        if (settings.interruptMs === 0) run.cancel('turn_detected');
        else
            timers.set('interrupt', settings.interruptMs, () => {
                run.cancel('turn_detected');
            });
    }

    /** Ends the active response badly (docs/REALTIME.md, 4.4). */
    endActive(end: ResponseSummary): void {
        this.active?.endAs(end);
    }

    /** The line is gone. */
    abandon(): void {
        for (const run of this.besides) run.abandon();
        this.active?.abandon();
    }

    private find(responseId: string | undefined): ResponseRun | undefined {
        if (responseId === undefined || responseId === this.active?.id) return this.active;
        return [...this.besides].find((run) => run.id === responseId);
    }

    private refusal(params: ResponseParams): ApiFault | undefined {
        if (this.active !== undefined && params.conversation !== 'none')
            return API_FAULTS.alreadyActive(this.active.id);
        const context = { hasAudio: this.parts.recorder.hasSpoken, responding: false };
        return this.parts.config.responseRefusal(params, context) ?? this.inputRefusal(params);
    }

    private inputRefusal(params: ResponseParams): ApiFault | undefined {
        const unknown = params.input?.find(
            (item) => item.type === 'item_reference' && this.parts.store.find(item.id ?? '') === undefined,
        );
        if (unknown === undefined) return undefined;
        return API_FAULTS.invalidValue(`The item '${String(unknown.id)}' does not exist.`, 'response.input');
    }

    private begin(params: ResponseParams, trigger: ResponseRequest['trigger']): void {
        const run = new ResponseRun(this.parts, this.plan(params, trigger), (over) => {
            this.over(over);
        });
        if (run.isOutOfBand) this.besides.add(run);
        else this.active = run;
        this.parts.timers.cancel('idle');
        run.start();
    }

    private plan(params: ResponseParams, trigger: ResponseRequest['trigger']): RunRequest {
        const { settings, config, index, store, script, signals, ids } = this.parts;
        const format = params.audio?.output?.format ?? config.effective.audio.output.format;
        const modalities = params.output_modalities ?? config.effective.output_modalities;
        const request = {
            trigger,
            sessionIndex: index,
            responseIndex: this.responseCount++,
            params,
            items: store.items,
        };
        const planned = planResponse(script.next(request), {
            format,
            textAsked: modalities[0] === 'text',
            settings,
            signals,
            nextItemNumber: () => ++this.spokenItems,
            nextCallId: () => ids.make('call'),
        });
        const createdAfterMs = trigger === 'client' ? settings.responseCreatedMs : settings.turnResponseMs;
        return { params, planned, format, modalities, createdAfterMs };
    }

    private over(run: ResponseRun): void {
        this.lastResponseId = run.id;
        this.besides.delete(run);
        if (this.active === run) this.active = undefined;
        this.onOver(run);
    }
}
