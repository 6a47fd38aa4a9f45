import { encodeMulawWav } from '../../../src/audio/wav';
import { readTimeline, writeTimeline } from '../../caller/timeline-file';
import { CallStore } from './call-store';
import { byId } from './dom';
import { drawTimeline, PICTURE_HEIGHT } from './drawing';
import { readTheme } from './theme';
import { TimeView } from './time-view';

/** The picture as a file: this wide at most, and this many pixels for a second where that fits. */
const MOST_PIXELS = 8000;
const PIXELS_PER_SECOND = 60;
const SHARPNESS = 2;

/** Saves the call that is shown, and opens one that was saved. */
export class FilesPanel {
    private readonly note = byId('file-note', HTMLParagraphElement);
    private store: CallStore | undefined;

    constructor(private readonly onOpen: (store: CallStore) => void) {
        this.onSave('save-caller', (store, name) => {
            save(new Blob([wav(store.callerTrack)], { type: 'audio/wav' }), `${name}-caller.wav`);
        });
        this.onSave('save-bot', (store, name) => {
            save(new Blob([wav(store.heardTrack)], { type: 'audio/wav' }), `${name}-bot.wav`);
        });
        this.onSave('save-timeline', (store, name) => {
            save(new Blob([writeTimeline(store.saved)], { type: 'application/json' }), `${name}.json`);
        });
        this.onSave('save-picture', savePicture);
        const input = byId('open-file', HTMLInputElement);
        input.addEventListener('change', () => {
            const [file] = input.files ?? [];
            input.value = '';
            if (file !== undefined) void this.open(file);
        });
    }

    show(store: CallStore): void {
        this.store = store;
        for (const id of ['save-timeline', 'save-picture']) byId(id, HTMLButtonElement).disabled = store.isEmpty;
        for (const id of ['save-caller', 'save-bot']) byId(id, HTMLButtonElement).disabled = !store.hasSound;
    }

    private onSave(id: string, act: (store: CallStore, name: string) => void): void {
        byId(id, HTMLButtonElement).addEventListener('click', () => {
            if (this.store === undefined) return;
            act(this.store, `call-${this.store.startedAt.slice(0, 19).replace(/[:T]/g, '-')}`);
        });
    }

    private async open(file: File): Promise<void> {
        const read = readTimeline(await file.text().catch(() => ''));
        this.note.textContent = read.ok ? `${file.name}, dialled ${read.timeline.startedAt}` : read.why;
        if (read.ok) this.onOpen(CallStore.open(read.timeline));
    }
}

function wav(pcmu: Uint8Array): Uint8Array<ArrayBuffer> {
    return new Uint8Array(encodeMulawWav(pcmu));
}

function savePicture(store: CallStore, name: string): void {
    const canvas = document.createElement('canvas');
    const view = new TimeView();
    const { lastMs } = store.picture;
    view.widthPixels = Math.min(MOST_PIXELS, Math.max(1000, Math.ceil((lastMs / 1000) * PIXELS_PER_SECOND)));
    view.fit(lastMs);
    canvas.width = view.widthPixels * SHARPNESS;
    canvas.height = PICTURE_HEIGHT * SHARPNESS;
    const context = canvas.getContext('2d');
    if (context === null) return;
    context.scale(SHARPNESS, SHARPNESS);
    drawTimeline(context, { store, view, nowMs: undefined, selected: undefined }, readTheme());
    canvas.toBlob((blob) => {
        if (blob !== null) save(blob, `${name}.png`);
    }, 'image/png');
}

function save(blob: Blob, name: string): void {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    // The browser reads the blob a moment later.
    setTimeout(() => {
        URL.revokeObjectURL(link.href);
    }, 10_000);
}
