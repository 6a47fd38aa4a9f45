import type { ConsoleMessage, PageMessage } from '../page-protocol';
import type { LineNews, LineOrder } from './line-worker';

/** What the telephone tells the page. */
export interface TelephoneListener {
    message(message: ConsoleMessage): void;
    /** PCMU that is played, or that was sent. */
    audio(kind: 'bot' | 'caller', pcmu: Uint8Array): void;
    /** The console does not answer any more. */
    lost(): void;
}

/** The page's end of the line to the console; the line itself runs in a worker. */
export class Telephone {
    private readonly worker = new Worker('/line-worker.js');

    constructor(private readonly listener: TelephoneListener) {
        this.worker.onmessage = ({ data }: MessageEvent<LineNews>) => {
            this.receive(data);
        };
    }

    connect(token: string): void {
        this.order({ type: 'connect', url: `ws://${location.host}/line`, token });
    }

    send(message: PageMessage): void {
        this.order({ type: 'send', message });
    }

    /** Says a recording: PCMU, 8 kHz, mono. */
    say(pcmu: Uint8Array): void {
        this.order({ type: 'recording', pcmu });
    }

    joinSound(microphone: MessagePort, speaker: MessagePort): void {
        this.order({ type: 'ports', microphone, speaker }, [microphone, speaker]);
    }

    private order(order: LineOrder, transfer: Transferable[] = []): void {
        this.worker.postMessage(order, transfer);
    }

    private receive(news: LineNews): void {
        if (news.type === 'message') this.listener.message(news.message);
        else if (news.type === 'audio') this.listener.audio(news.kind, news.pcmu);
        else this.listener.lost();
    }
}
