import { systemClock, type Clock } from '../../src/support/clock';
import { type CallEvent, type CallEventBody, maskKeys } from '../caller/call-event';
import type { CallSummary } from '../caller/call-record';
import { Caller } from '../caller/client';
import type { Credentials } from '../caller/credentials';
import { explainEnd, explainRefusal } from '../caller/explain';
import { Timeline } from '../caller/timeline';
import { LiveMicrophone } from './live-microphone';
import { PagePlayout } from './page-playout';
import {
    AUDIO,
    MICROPHONE_HEAD_BYTES,
    type CallSettings,
    type ConsoleMessage,
    type PageMessage,
} from './page-protocol';

/** What can be seen of a call from inside the server; the function that it returns ends the watch. */
export type WatchInside = (conversationId: string, tell: (event: CallEventBody) => void) => () => void;

export interface CallControllerOptions {
    /** The AudioConnector server. */
    url: string;
    credentials: Credentials;
    /** Recordings by name: PCMU, 8 kHz, mono. */
    samples: ReadonlyMap<string, Uint8Array>;
    /** undefined: the server cannot be seen from inside. */
    watchInside: WatchInside | undefined;
    /** Lines of the terminal's timeline of the same call. */
    print: (line: string) => void;
    clock?: Clock;
}

/** The connection to the page. */
export interface PagePort {
    send(message: ConsoleMessage): void;
    /** `kind`: `AUDIO.bot` to be played, `AUDIO.caller` to be drawn. */
    sendAudio(kind: number, pcmu: Uint8Array): void;
}

/** One call and what belongs to it. */
interface Line {
    caller: Caller;
    microphone: LiveMicrophone;
    playout: PagePlayout | undefined;
    hideKeys: boolean;
    secure: boolean;
    /** Caller audio messages since the delay was told. */
    untoldFrames: number;
    /** The page went away while the call ran. */
    pageGone: boolean;
}

const TELL_DELAY_EVERY_MS = 1000;
const PAGE_GONE =
    'The page was loaded anew or closed during the call, and the console hung up. What was recorded until then is here.';

/** Between one page and its calls: the page has the microphone, the loudspeaker and the keys; `Caller` speaks the protocol. */
export class CallController {
    private line: Line | undefined;
    private readonly clock: Clock;

    constructor(
        private readonly options: CallControllerOptions,
        private readonly page: PagePort,
    ) {
        this.clock = options.clock ?? systemClock;
    }

    /** The call that runs; undefined between calls. */
    get caller(): Caller | undefined {
        return this.line?.caller;
    }

    handle(message: PageMessage): void {
        const caller = this.line?.caller;
        switch (message.type) {
            case 'call':
                if (caller === undefined) this.call(message.settings);
                break;
            case 'key':
                if (caller?.state === 'open') caller.dtmf(message.digit);
                break;
            case 'hold':
                if (caller?.state === 'open') this.hold(caller, message.on);
                break;
            case 'mute':
                caller?.note('·', 'microphone', message.on ? 'muted' : 'on');
                break;
            case 'say':
                this.say(this.options.samples.get(message.sample));
                break;
            case 'hangUp':
                this.hangUp();
                break;
            case 'playout':
                this.line?.playout?.report(message);
                break;
            case 'hello':
            case 'lookInside':
                break;
        }
    }

    /** A binary message of the page. */
    handleAudio(bytes: Uint8Array): void {
        if (bytes[0] === AUDIO.recording) this.say(bytes.slice(1));
        if (bytes[0] !== AUDIO.microphone || bytes.length <= MICROPHONE_HEAD_BYTES) return;
        const spokenAtMs = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(1, true);
        if (Number.isFinite(spokenAtMs)) this.line?.microphone.push(bytes.slice(MICROPHONE_HEAD_BYTES), spokenAtMs);
    }

    /** The page is gone: hangs up. */
    pageGone(): void {
        if (this.line !== undefined) this.line.pageGone = true;
        this.hangUp();
    }

    private call(settings: CallSettings): void {
        const line = this.createLine(settings);
        const { caller } = line;
        this.line = line;
        const timeline = new Timeline({ write: this.options.print, colour: false });
        const endWatch = this.options.watchInside?.(caller.conversationId, (event) => {
            caller.witness(event);
        });
        this.page.send({ type: 'dialled', startedAt: new Date(this.clock.epochMs()).toISOString() });
        caller.on('event', (event) => {
            const shown = this.shown(line, event);
            timeline.add(shown);
            this.page.send({ type: 'event', event: shown });
            if (event.kind === 'audioSent') this.showCallerAudio(line);
        });
        caller.once('ended', (summary) => {
            endWatch?.();
            this.line = undefined;
            if (summary.refusal === undefined) timeline.end(summary);
            this.page.send({ type: 'ended', ...this.tellEnd(summary, line.pageGone) });
        });
        void caller.dial();
    }

    private createLine(settings: CallSettings): Line {
        const microphone = new LiveMicrophone(this.clock);
        let playout: PagePlayout | undefined;
        const caller = new Caller({
            url: withBot(this.options.url, settings.bot),
            apiKey: this.options.credentials.key,
            clientSecret: this.options.credentials.secret,
            inputVariables: settings.variables,
            language: settings.language === '' ? undefined : settings.language,
            frameMs: settings.frameMs,
            microphone,
            clock: this.clock,
            createPlayout: (listener) => {
                playout = new PagePlayout(this.clock, listener, {
                    play: (pcmu) => {
                        this.page.sendAudio(AUDIO.bot, pcmu);
                    },
                    flush: (flush) => {
                        this.page.send({ type: 'flush', flush });
                    },
                });
                return playout;
            },
        });
        return {
            caller,
            microphone,
            playout,
            hideKeys: settings.hideKeys,
            secure: false,
            untoldFrames: 0,
            pageGone: false,
        };
    }

    /** The event as it may be seen and kept. */
    private shown(line: Line, event: CallEvent): CallEvent {
        if (event.kind === 'keypad') line.secure = event.secure;
        return line.hideKeys || line.secure ? maskKeys(event) : event;
    }

    private showCallerAudio(line: Line): void {
        const sent = line.caller.sentAudio.at(-1);
        if (sent === undefined) return;
        this.page.sendAudio(AUDIO.caller, sent.bytes);
        line.untoldFrames += sent.bytes.length;
        const { delay } = line.microphone;
        if (delay === undefined || line.untoldFrames < TELL_DELAY_EVERY_MS * 8) return;
        line.untoldFrames = 0;
        this.page.send({ type: 'microphone', ...delay });
    }

    private hold(caller: Caller, on: boolean): void {
        if (on) caller.pause();
        else caller.resume();
    }

    private say(pcmu: Uint8Array | undefined): void {
        if (pcmu !== undefined) this.line?.caller.say(pcmu);
    }

    private hangUp(): void {
        const caller = this.line?.caller;
        if (caller === undefined) return;
        if (caller.state === 'dialling') caller.cut();
        else caller.hangUp();
    }

    private tellEnd(summary: CallSummary, pageGone: boolean): Omit<Extract<ConsoleMessage, { type: 'ended' }>, 'type'> {
        const { checked, broken } = summary.protocol;
        const counts = { protocolChecks: checked.length, checksBroken: broken.length };
        if (summary.refusal !== undefined)
            return { good: false, sentence: explainRefusal(summary.refusal, this.options.url), ...counts };
        const failure = explainEnd(summary);
        return {
            good: failure === undefined && broken.length === 0,
            sentence: failure ?? (pageGone ? PAGE_GONE : 'The call is over.'),
            ...counts,
        };
    }
}

function withBot(url: string, bot: string): string {
    if (bot === '') return url;
    const named = new URL(url);
    named.searchParams.set('bot', bot);
    return named.href;
}
