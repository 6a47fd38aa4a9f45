import { type RateCheck, BURST } from '../../caller/rate-check';
import type { MicrophoneDelay } from '../page-protocol';
import type { CallStore } from './call-store';
import { byId, milliseconds } from './dom';

/** Lead and message rates against Genesys' limits, and what the page itself costs. */
export class GaugesPanel {
    show({ picture, isEmpty }: CallStore, atMs: number): void {
        if (isEmpty) return;
        const leadMs = picture.leadMs(atMs);
        set('lead', leadMs, milliseconds(leadMs));
        showRate('audio-rate', picture.audioRate, atMs);
        showRate('text-rate', picture.textRate, atMs);
    }

    showDelay({ p95Ms }: MicrophoneDelay): void {
        set('mic-delay', p95Ms, milliseconds(p95Ms));
    }
}

function showRate(id: string, rate: RateCheck, atMs: number): void {
    const used = BURST - rate.levelAt(atMs);
    set(id, used, `${used.toFixed(1)} of ${BURST}`);
}

function set(id: string, value: number, words: string): void {
    byId(id, HTMLMeterElement).value = value;
    byId(`${id}-value`, HTMLOutputElement).textContent = words;
}
