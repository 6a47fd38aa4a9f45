import type { StringMap } from '../protocol/core';
import type { BotResponse } from '../services/bot-response';
import type { CallFigures, CallObserver, ObserveCall, OpeningCall } from '../services/call-observer';
import type { Conversation, HeardPosition, OverlapReport } from '../services/conversation';
import type { ToolRecord } from '../services/functions/tool';
import { faultFields, type Logger } from '../support/logger';

/** All that follow one call. A fault of one ends what it does, not the call. None of the methods throws. */
export class CallObservers implements Required<Omit<CallObserver, 'logFields'>> {
    private all: CallObserver[] = [];
    private logger: Logger | undefined;

    /** The call opens. @returns what each line of the call shows from now on */
    begin(call: OpeningCall, makers: readonly ObserveCall[]): Readonly<Record<string, string>> {
        this.logger = call.logger;
        for (const make of makers) {
            try {
                const observer = make(call);
                if (observer !== undefined) this.all.push(observer);
            } catch (fault) {
                this.gaveUp(fault);
            }
        }
        return Object.assign({}, ...this.all.map(({ logFields }) => logFields)) as Record<string, string>;
    }

    opened(): void {
        this.tell((each) => each.opened?.());
    }

    attach(conversation: Conversation, name: string, version: string | undefined): void {
        this.tell((each) => each.attach?.(conversation, name, version));
    }

    keyPressed(): void {
        this.tell((each) => each.keyPressed?.());
    }

    playbackStarted(): void {
        this.tell((each) => each.playbackStarted?.());
    }

    playbackCompleted(): void {
        this.tell((each) => each.playbackCompleted?.());
    }

    interrupted(heard: HeardPosition): void {
        this.tell((each) => each.interrupted?.(heard));
    }

    cutOff(heard: HeardPosition): void {
        this.tell((each) => each.cutOff?.(heard));
    }

    toolCalled(record: ToolRecord): void {
        this.tell((each) => each.toolCalled?.(record));
    }

    overlap(report: OverlapReport): void {
        this.tell((each) => each.overlap?.(report));
    }

    turnReported(turn: BotResponse): void {
        this.tell((each) => each.turnReported?.(turn));
    }

    fault(code: string): void {
        this.tell((each) => each.fault?.(code));
    }

    paused(): void {
        this.tell((each) => each.paused?.());
    }

    resumed(): void {
        this.tell((each) => each.resumed?.());
    }

    failed(code: string): void {
        this.tell((each) => each.failed?.(code));
    }

    outcome(variables: StringMap): void {
        this.tell((each) => each.outcome?.(variables));
    }

    end(figures: CallFigures): void {
        this.tell((each) => each.end?.(figures));
        this.all = [];
    }

    private tell(what: (observer: CallObserver) => void): void {
        if (this.all.length === 0) return;
        for (const observer of this.all) {
            try {
                what(observer);
            } catch (fault) {
                this.all = this.all.filter((other) => other !== observer);
                this.gaveUp(fault);
            }
        }
    }

    private gaveUp(fault: unknown): void {
        this.logger?.error(faultFields(fault), 'the record of a call breaks off here: the call goes on');
    }
}
