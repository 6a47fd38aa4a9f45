import { encodeMulaw } from '../../../src/audio/mulaw';
import { decodeWav } from '../../../src/audio/wav';
import type { CallDocument } from '../../../src/call-records/document';
import { PCMU_SILENCE } from '../../caller/media';
import { CallStore, type ShownRow } from '../../console/page/call-store';
import { byId, minutes } from '../../console/page/dom';
import { ListPanel } from '../../console/page/list-panel';
import { Player } from '../../console/page/player';
import { setUpTheme } from '../../console/page/theme';
import { TimelinePanel } from '../../console/page/timeline-panel';
import { timelineOf, tracksOf, type Tracks } from '../call-timeline';
import { momentTime, turnAt } from '../call-words';
import type { Finding } from '../finding';
import { showFacts } from './facts-panel';
import { FindingsPanel } from './findings-panel';
import { readBytes, readJson } from './reading';
import { TurnList } from './turn-list';

interface Shown {
    readonly call: CallDocument;
    readonly findings: readonly Finding[];
}

/** Before a moment that is listened to, and around a turn that is looked at, ms. */
const BEFORE_MS = 3000;
const AROUND_MS = 4000;

/** Those of the sentences: colours of the picture. */
const FLAG_COLOURS = { grave: 'bad', serious: 'cut', slight: 'warn', none: 'soft' } as const;

const NOTES = {
    loading: 'The recording is being loaded …',
    ready: 'Click into the picture to hear the call from there. A finding and a turn are played from 3 s before.',
    none: 'This call was not recorded: the cursor shows the moment, and there is nothing to hear. CALL_RECORDING=on records calls.',
    gone: 'The recording cannot be read.',
} as const;

/** The page of one call. */
class CallPage {
    private store = new CallStore(new Date(0).toISOString());
    private readonly timeline = new TimelinePanel(this.store, {
        onSelect: (row) => {
            this.list.select(row, true);
        },
        onSeek: (ms) => {
            this.seek(ms);
        },
        onPlay: () => {
            this.player.toggle();
        },
    });
    private readonly list = new ListPanel(this.store, (row: ShownRow) => {
        this.timeline.select(row);
        this.seek(row.atMs);
    });
    private readonly player = new Player((ms, playing) => {
        this.timeline.showCursor(ms, playing);
        if (playing) this.turns?.showPlaying(ms);
    });
    private turns: TurnList | undefined;
    private hasSound = false;

    /** Reads the call that the address names, and shows it. Its recording comes after it. */
    async start(): Promise<void> {
        const id = location.pathname.split('/').at(-1) ?? '';
        const read = await readJson<Shown>(`/api/calls/${id}`);
        if (!read.ok) {
            const complaint = byId('complaint', HTMLParagraphElement);
            complaint.hidden = false;
            complaint.textContent = read.why;
            for (const card of document.querySelectorAll<HTMLElement>('section.card')) card.hidden = true;
            return;
        }
        const { call, findings } = read.value;
        this.show(call, findings);
        await this.loadSound(call);
    }

    /** The colours have changed. */
    refresh(): void {
        this.timeline.refresh();
    }

    private show(call: CallDocument, findings: readonly Finding[]): void {
        const { conversationId, startedAt, durationMs, bot, endReason } = call;
        document.title = `Call ${conversationId}`;
        byId('about', HTMLParagraphElement).textContent = [
            `conversation ${conversationId}`,
            `${startedAt.slice(0, 19).replace('T', ' ')} UTC`,
            `${minutes(durationMs)} long`,
            bot?.name ?? 'no bot',
            `ended by ${endReason}`,
        ].join(' · ');
        const look = (turn: number | undefined, atMs: number): void => {
            this.look(call, turn, atMs);
        };
        new FindingsPanel().show(findings, look);
        this.turns = new TurnList(call, findings, (turn, atMs) => {
            look(turn, atMs);
            byId('timeline', HTMLCanvasElement).scrollIntoView({ block: 'nearest' });
        });
        showFacts(call);
        this.timeline.showFlags(
            findings.flatMap(({ atMs, grade, sentence }) =>
                atMs === undefined ? [] : [{ atMs, colour: FLAG_COLOURS[grade], text: sentence }],
            ),
        );
        this.draw(call, undefined);
        this.player.load({ hasSound: false, picture: this.store.picture, ...NO_SOUND });
        this.note(call.recording === undefined ? 'none' : 'loading');
        this.lookAtAddress(call);
        addEventListener('hashchange', () => {
            this.lookAtAddress(call);
        });
    }

    private async loadSound(call: CallDocument): Promise<void> {
        const { recording, sessionId } = call;
        if (recording === undefined) return;
        const tracks = tracksIn(await readBytes(`/api/calls/${sessionId}/recording.wav`), recording.fromMs);
        if (tracks === undefined) {
            this.note('gone');
            return;
        }
        this.hasSound = true;
        this.draw(call, tracks);
        const { picture } = this.store;
        this.player.load({ hasSound: true, picture, callerTrack: tracks.caller, heardTrack: tracks.heard });
        this.note('ready');
        this.lookAtAddress(call);
    }

    private draw(call: CallDocument, tracks: Tracks | undefined): void {
        this.store = CallStore.open(timelineOf(call, tracks));
        this.timeline.show(this.store, false);
        this.list.show(this.store);
        byId('rows', HTMLOListElement).scrollTop = 0;
    }

    /** `#turn-3`, or `#turn-3-41.5` with a moment in seconds: that place is shown. */
    private lookAtAddress(call: CallDocument): void {
        const [, number, seconds] = /^#turn-(\d+)(?:-([\d.]+))?$/.exec(location.hash) ?? [];
        if (number === undefined) return;
        const turn = call.turns.find((each) => each.number === Number(number));
        if (turn !== undefined)
            this.look(call, turn.number, seconds === undefined ? turn.startMs : Number(seconds) * 1000);
    }

    /** Shows a turn and a moment of it, and makes the player ready to play from a little before. */
    private look(call: CallDocument, number: number | undefined, atMs: number): void {
        const turn = call.turns.find((each) => each.number === number) ?? turnAt(call, atMs);
        const fromMs = Math.min(turn?.startMs ?? atMs, atMs) - AROUND_MS;
        const toMs = Math.min(call.durationMs, Math.max(turn?.endMs ?? atMs, atMs) + AROUND_MS);
        this.timeline.showPart(Math.max(0, fromMs), Math.max(toMs, fromMs + 2 * AROUND_MS));
        this.seek(Math.max(0, atMs - (this.hasSound ? BEFORE_MS : 0)));
        if (turn !== undefined) this.turns?.choose(turn.number);
    }

    /** The cursor goes there, also where there is nothing to hear. */
    private seek(ms: number): void {
        if (this.hasSound) this.player.seek(ms);
        else byId('position', HTMLOutputElement).textContent = momentTime(ms);
        this.timeline.showCursor(ms, false);
    }

    private note(name: keyof typeof NOTES): void {
        byId('player-note', HTMLParagraphElement).textContent = NOTES[name];
    }
}

const NO_SOUND = { callerTrack: new Uint8Array(0), heardTrack: new Uint8Array(0) } as const;

/** undefined: it is no recording of two channels. */
function tracksIn(bytes: Uint8Array | undefined, fromMs: number): Tracks | undefined {
    if (bytes === undefined) return undefined;
    try {
        const { samples, channels, rateHz } = decodeWav(bytes);
        if (channels !== 2 || rateHz !== 8000) return undefined;
        return tracksOf(encodeMulaw(samples), fromMs, PCMU_SILENCE);
    } catch {
        return undefined;
    }
}

const page = new CallPage();
byId('logout', HTMLFormElement).hidden = document.documentElement.dataset['access'] !== 'token';
setUpTheme(byId('theme', HTMLButtonElement), () => {
    page.refresh();
});
void page.start();
