import { encodeMulawWav } from '../../../src/audio/wav';
import { interleave } from '../../caller/recording';
import { readTimeline, writeTimeline } from '../../caller/timeline-file';
import { CallStore } from './call-store';
import { byId } from './dom';
import { drawPictureFile, pictureSize } from './picture-file';
import { readTheme } from './theme';

/** Pixels of the picture's file for each pixel of the page. */
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
        this.onSave('save-both', (store, name) => {
            const both = new Uint8Array(encodeMulawWav(interleave(store.callerTrack, store.heardTrack), 2));
            save(new Blob([both], { type: 'audio/wav' }), `${name}-both.wav`);
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
        for (const id of ['save-caller', 'save-bot', 'save-both'])
            byId(id, HTMLButtonElement).disabled = !store.hasSound;
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
    const { width, height } = pictureSize(store);
    canvas.width = width * SHARPNESS;
    canvas.height = height * SHARPNESS;
    const context = canvas.getContext('2d');
    if (context === null) return;
    context.scale(SHARPNESS, SHARPNESS);
    drawPictureFile(context, store, readTheme());
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
