import type { PagePort } from './call-controller';
import { AUDIO, type ConsoleMessage } from './page-protocol';

type Kept = ConsoleMessage | { kind: number; pcmu: Uint8Array };

/**
 * The last call as the page was told of it, keys masked as they were there: a page that is loaded anew gets it again, with what still
 * comes of a call that was cut off by that. In memory only; the next call replaces it.
 */
export class CallKeeper {
    private page: PagePort | undefined;
    private current: Kept[] | undefined;

    /** `page` is the one that is told from now on, first of the last call. */
    attach(page: PagePort): void {
        this.page = page;
        for (const each of this.current ?? []) tell(page, each);
    }

    /** The page is gone. */
    detach(): void {
        this.page = undefined;
    }

    /** Where the calls of one page go. What comes late of a call is dropped once another one has been dialled. */
    port(): PagePort {
        let kept: Kept[] = [];
        return {
            send: (message) => {
                if (message.type === 'dialled') {
                    kept = [{ type: 'restored', startedAt: message.startedAt }];
                    this.current = kept;
                } else if (message.type === 'event' || message.type === 'ended') kept.push(message);
                if (this.current === kept) this.page?.send(message);
            },
            sendAudio: (kind, pcmu) => {
                kept.push({ kind: kind === AUDIO.bot ? AUDIO.restoredBot : AUDIO.restoredCaller, pcmu });
                if (this.current === kept) this.page?.sendAudio(kind, pcmu);
            },
        };
    }
}

function tell(page: PagePort, kept: Kept): void {
    if ('kind' in kept) page.sendAudio(kept.kind, kept.pcmu);
    else page.send(kept);
}
