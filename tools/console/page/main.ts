import type { ConsoleMessage, ServerView } from '../page-protocol';
import { BotPanel } from './bot-panel';
import { CallStore, type ShownRow } from './call-store';
import { byId } from './dom';
import { FilesPanel } from './files-panel';
import { GaugesPanel } from './gauges-panel';
import { ListPanel } from './list-panel';
import { OutcomePanel } from './outcome-panel';
import { Player } from './player';
import { SilenceHint } from './silence-hint';
import { setUpTheme } from './theme';
import { PhonePanel } from './phone-panel';
import { Sound } from './sound';
import { Telephone } from './telephone';
import { TimelinePanel } from './timeline-panel';
import { TurnsPanel } from './turns-panel';

/** The pass of this tab: it lets the page in again after a reload, and no other tab has it. */
const PASS = 'console-pass';
const REFRESH_EVERY_MS = 66;
/** A page that is loaded anew may come before the old one is gone. */
const RETRIES = 5;
const RETRY_AFTER_MS = 300;

/** Puts the parts of the page together. */
class Page {
    private store = new CallStore(new Date().toISOString());
    private dialledAtMs: number | undefined;
    private welcomed = false;
    private refused = false;
    private retries = 0;
    private muted = false;
    private held = false;
    private readonly silence = new SilenceHint();
    private readonly bots = new BotPanel();
    private readonly outcome = new OutcomePanel();
    private readonly lookInside = byId('look-inside', HTMLButtonElement);
    private readonly telephone = new Telephone({
        message: (message) => {
            this.receive(message);
        },
        audio: (kind, pcmu) => {
            if (kind === 'bot') this.store.addBotAudio(pcmu);
            else this.store.addCallerAudio(pcmu);
        },
        lost: () => {
            if (!this.refused)
                this.close('The console has ended, or was started anew. Open the link that its terminal shows.');
        },
    });
    private readonly sound = new Sound((microphone, speaker) => {
        this.telephone.joinSound(microphone, speaker);
    });
    private readonly phone = new PhonePanel(
        {
            call: (settings) => {
                void this.call(() => {
                    this.telephone.send({ type: 'call', settings });
                });
            },
            hangUp: () => {
                this.telephone.send({ type: 'hangUp' });
            },
            key: (digit) => {
                this.telephone.send({ type: 'key', digit });
            },
            mute: (on) => {
                this.muted = on;
                this.sound.mute(on);
                this.telephone.send({ type: 'mute', on });
            },
            hold: (on) => {
                this.held = on;
                this.telephone.send({ type: 'hold', on });
            },
            say: (what) => {
                if (typeof what === 'string') this.telephone.send({ type: 'say', sample: what });
                else this.telephone.say(what);
            },
            voice: (microphone) => {
                if (!microphone) this.sound.closeMicrophone();
                else if (this.dialledAtMs !== undefined) void this.openMicrophone();
            },
        },
        this.bots,
    );
    private readonly timeline = new TimelinePanel(this.store, {
        onSelect: (row) => {
            this.list.select(row, true);
        },
        onSeek: (ms) => {
            this.player.seek(ms);
        },
        onPlay: () => {
            this.player.toggle();
        },
    });
    private readonly list = new ListPanel(this.store, (row: ShownRow) => {
        this.timeline.select(row);
        this.player.seek(row.atMs);
    });
    private readonly player = new Player((ms, playing) => {
        this.timeline.showCursor(ms, playing);
    });
    private readonly turns = new TurnsPanel();
    private readonly gauges = new GaugesPanel();
    private readonly files = new FilesPanel((store) => {
        this.show(store, false);
        this.player.load(store, true);
        this.outcome.show(store, '');
        this.phone.showEnd('From a file', '', false);
        this.phone.showDuration(store.picture.lastMs);
    });

    start(): void {
        setUpTheme(byId('theme', HTMLButtonElement), () => {
            this.timeline.refresh();
        });
        this.show(this.store, true);
        this.phone.show('closed');
        this.lookInside.addEventListener('click', this.askForInside);
        addEventListener('beforeunload', (event) => {
            // The browser asks whether the page may go: its call would be hung up.
            if (this.dialledAtMs !== undefined) event.preventDefault();
        });
        const token = location.hash.slice(1);
        // The token must not stay in the address bar or the history: it has been used.
        history.replaceState(undefined, '', location.pathname);
        this.telephone.connect(token === '' ? (sessionStorage.getItem(PASS) ?? '') : token);
        setInterval(() => {
            this.tick();
        }, REFRESH_EVERY_MS);
    }

    private receive(message: ConsoleMessage): void {
        switch (message.type) {
            case 'welcome':
                this.welcome(message);
                break;
            case 'refused':
                this.refuse(message.why);
                break;
            case 'server':
                this.showServer(message.server);
                this.phone.show('ready');
                break;
            case 'notInside':
                this.lookInside.disabled = false;
                this.phone.show('ready');
                this.phone.showEnd(
                    'Ready',
                    `No server that can be seen from inside could be started: ${message.why}`,
                    true,
                );
                break;
            case 'dialled':
                this.dialledAtMs = performance.now();
                this.outcome.hide();
                this.player.unload();
                this.show(new CallStore(message.startedAt), true);
                break;
            case 'restored':
                this.show(new CallStore(message.startedAt), false);
                break;
            case 'event':
                this.addEvent(message.event);
                break;
            case 'microphone':
                this.gauges.showDelay(message);
                break;
            case 'ended':
                this.ended(message);
                break;
            case 'flush':
                break;
        }
    }

    private welcome({ pass, server, samples }: ConsoleMessage & { type: 'welcome' }): void {
        this.welcomed = true;
        sessionStorage.setItem(PASS, pass);
        this.showServer(server);
        this.phone.offer(samples);
        this.phone.show('ready');
    }

    private showServer(server: ServerView): void {
        const { name, inside, canLookInside } = server;
        const view = inside ? 'seen from inside' : 'seen from outside';
        byId('server', HTMLParagraphElement).textContent = `${name} · ${view}`;
        this.lookInside.hidden = !canLookInside;
        this.bots.offer(server);
        this.turns.explainMissing(server);
    }

    private readonly askForInside = (): void => {
        if (this.dialledAtMs !== undefined) return;
        this.lookInside.disabled = true;
        this.phone.show('closed');
        byId('state', HTMLParagraphElement).textContent = 'Starting a server …';
        this.telephone.send({ type: 'lookInside' });
    };

    private refuse(why: string): void {
        if (this.welcomed) return;
        this.refused = true;
        const pass = sessionStorage.getItem(PASS);
        if (pass !== null && this.retries < RETRIES) {
            this.retries += 1;
            setTimeout(() => {
                this.telephone.connect(pass);
            }, RETRY_AFTER_MS);
        } else this.close(why);
    }

    private async call(dial: () => void): Promise<void> {
        this.phone.show('calling');
        try {
            await this.sound.open();
        } catch (fault) {
            this.phone.show('ready');
            this.phone.showEnd('No sound', `This browser gives the page no sound: ${String(fault)}`, true);
            return;
        }
        this.sound.mute(false);
        this.muted = this.held = false;
        if (this.phone.speaksWithMicrophone) await this.openMicrophone();
        dial();
    }

    private async openMicrophone(): Promise<void> {
        await this.sound.openMicrophone();
        this.silence.reset();
        this.phone.showMicrophone(this.sound.microphoneState);
    }

    private addEvent(event: (ConsoleMessage & { type: 'event' })['event']): void {
        this.store.add(event);
        if (this.dialledAtMs === undefined) return;
        if (event.kind === 'keypad') this.phone.showSecure(event.secure);
        if (event.kind === 'received' && event.type === 'opened') this.phone.show('talking');
    }

    private ended({ good, sentence, protocolChecks, checksBroken }: ConsoleMessage & { type: 'ended' }): void {
        this.dialledAtMs = undefined;
        this.sound.closeMicrophone();
        this.phone.showSecure(false);
        this.phone.show('ready');
        this.phone.showEnd(good ? 'Call ended' : 'Call failed', reasonOf(good, sentence, checksBroken), !good);
        this.phone.showMicrophone(this.sound.microphoneState);
        this.phone.showDuration(this.store.picture.lastMs);
        this.refreshAll();
        this.timeline.rest();
        this.player.load(this.store);
        this.outcome.show(this.store, `${protocolChecks} protocol checks, ${checksBroken} broken`);
        this.files.show(this.store);
    }

    private show(store: CallStore, live: boolean): void {
        this.store = store;
        this.timeline.show(store, live);
        this.list.show(store);
        this.files.show(store);
        this.refreshAll();
    }

    private tick(): void {
        if (this.dialledAtMs === undefined) return;
        this.phone.showDuration(performance.now() - this.dialledAtMs);
        this.listenToMicrophone(this.sound.level);
        this.refreshAll();
    }

    /** Muted or on hold, silence is what the user wants. */
    private listenToMicrophone(level: number): void {
        this.phone.showLevel(level);
        if (this.sound.microphoneState !== 'on') return;
        if (this.muted || this.held) this.silence.reset();
        else {
            const isSilent = this.silence.isSilent(level, performance.now()) || this.sound.isCutOff;
            this.phone.showMicrophone(isSilent ? 'silent' : 'on');
        }
    }

    private refreshAll(): void {
        const nowMs = this.dialledAtMs === undefined ? undefined : performance.now() - this.dialledAtMs;
        this.timeline.refresh(nowMs);
        this.list.refresh();
        this.turns.show(this.store);
        this.gauges.show(this.store, nowMs ?? this.store.picture.lastMs);
    }

    private close(why: string): void {
        this.phone.show('closed');
        this.sound.closeMicrophone();
        this.dialledAtMs = undefined;
        byId('closed-why', HTMLParagraphElement).textContent = why;
        byId('closed', HTMLDivElement).hidden = false;
    }
}

/** What stands beside "Call ended" or "Call failed"; empty: there is nothing to say but that. */
function reasonOf(good: boolean, sentence: string, checksBroken: number): string {
    if (good && sentence === 'The call is over.') return '';
    if (good || checksBroken === 0) return sentence;
    return `${sentence} ${checksBroken} of the protocol checks are broken: they are marked in the list of messages.`;
}

new Page().start();
