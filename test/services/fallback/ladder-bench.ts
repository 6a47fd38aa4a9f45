import { type HistoryLine, FallbackLadder, type Takeover } from '../../../src/services/fallback/fallback-ladder';
import { ApologyBot } from '../../../src/services/fallback/apology-bot';
import { CircuitBreakers } from '../../../src/support/circuit-breaker';
import { CallerAudioBuffer } from '../../../src/audio/caller-audio-buffer';
import type { BotWait, ConversationEnd, TranscriptItem } from '../../../src/services/conversation';
import { Transcript } from '../../../src/services/transcript';
import { FakeClock } from '../../support/fake-clock';
import { FakeConversation } from '../../support/fake-conversation';
import type { ErrorCode } from '../../../src/support/errors';
import { LogRecorder } from '../../support/log-recorder';

/** Lengths that tell the sounds apart, ms. */
const FILLER_MS = 1000;
const APOLOGY_MS = 700;

/** How BotResource ends when it cannot go on. */
export const LOST = {
    reason: 'error',
    info: 'The bot cannot go on (ERR_OPENAI_LOST).',
    outputVariables: { end_reason: 'bot_failed', error_code: 'ERR_OPENAI_LOST' },
} as const;

/** What the caller's side was told. */
export interface Told {
    atMs: number;
    event: string;
    id?: string;
    ms?: number;
}

/** One fallback option of the test: a bot for each time it was made, and what each was told. */
export class TestOption {
    readonly bots: FakeConversation[] = [];
    readonly takeovers: (Takeover | undefined)[] = [];
    /** What `start` of the next bot gives. */
    startResult: () => Promise<void> = () => Promise.resolve();
    speaksFirst = true;

    constructor(
        readonly name: string,
        readonly upstream?: string,
    ) {}

    make(takeover?: Takeover): FakeConversation {
        const bot = new FakeConversation();
        bot.startResult = this.startResult();
        bot.speaksFirst = this.speaksFirst;
        this.bots.push(bot);
        this.takeovers.push(takeover);
        return bot;
    }

    get bot(): FakeConversation {
        const bot = this.bots.at(-1);
        if (bot === undefined) throw new Error(`${this.name} was never made.`);
        return bot;
    }

    get takeover(): Takeover | undefined {
        return this.takeovers.at(-1);
    }
}

/** Fakes for every option, time that the test moves, and all that comes out. The bench writes transcript and buffer as a call does. */
export class LadderBench {
    readonly clock = new FakeClock();
    readonly log = new LogRecorder();
    readonly breakers = new CircuitBreakers(this.clock, this.log);
    readonly realtime = new TestOption('realtime', 'openai-realtime');
    readonly rest = new TestOption('rest', 'openai-rest');
    readonly local = new TestOption('local');
    readonly told: Told[] = [];
    readonly said: TranscriptItem[] = [];
    readonly ends: ConversationEnd[] = [];
    readonly waits: BotWait[] = [];
    /** "One moment please". */
    recording: Uint8Array | undefined = new Uint8Array(FILLER_MS * 8).fill(0x11);
    transcript = new Transcript();
    callerAudio = new CallerAudioBuffer();
    protected readonly ladders: FallbackLadder[] = [];

    /** Another call's ladder. */
    make(): FallbackLadder {
        const ladder = this.makeLadder();
        const { transcript } = this;
        ladder.on('audio', (pcmu, origin) => {
            transcript.delivered(origin, pcmu.length / 8);
        });
        ladder.on('transcript', (item) => {
            transcript.add(item);
        });
        return ladder;
    }

    /** Its call starts it. */
    start(ladder: FallbackLadder): Promise<void> {
        return ladder.start();
    }

    /** The caller is heard. */
    hear(ladder: FallbackLadder, pcmu: Uint8Array): void {
        this.callerAudio.push(pcmu);
        ladder.hear(pcmu);
    }

    protected makeLadder(): FallbackLadder {
        this.transcript = new Transcript();
        this.callerAudio = new CallerAudioBuffer();
        const prompts = { recording: () => this.recording };
        const apology = {
            name: 'apology',
            make: (_takeover?: Takeover, why?: ErrorCode) =>
                new ApologyBot(new Uint8Array(APOLOGY_MS * 8).fill(0x22), why),
        };
        const { log, breakers, transcript, callerAudio } = this;
        const options = [this.realtime, this.rest, this.local, apology];
        const ladder = new FallbackLadder(options, { logger: log, breakers, prompts, transcript, callerAudio });
        this.ladders.push(ladder);
        this.listen(ladder);
        return ladder;
    }

    /** A call that has been greeted and whose greeting was heard. */
    async greeted(): Promise<FallbackLadder> {
        const ladder = await this.started();
        this.realtime.bot.say('r1', 500);
        this.realtime.bot.emit('transcript', { speaker: 'bot', itemId: 'item_r1', text: 'Hello, this is the bank.' });
        this.clock.advance(800);
        return ladder;
    }

    /** A call whose first bot is ready. */
    async started(): Promise<FallbackLadder> {
        const ladder = this.make();
        const started = this.start(ladder);
        this.realtime.bot.emit('ready');
        await started;
        return ladder;
    }

    /** The caller says something that the bot has understood. */
    asks(bot: FakeConversation, itemId: string, text: string | undefined): void {
        bot.emit('speechStarted');
        bot.emit('speechStopped', 500);
        bot.emit('transcript', { speaker: 'caller', itemId });
        if (text !== undefined) bot.emit('transcript', { speaker: 'caller', itemId, text });
    }

    /** Every sound that came out, `filler` and `apology` by name. */
    get sounds(): string[] {
        return this.told.filter(({ event }) => event === 'audio').map(({ id = '' }) => nameOf(id));
    }

    /** When the first sound came at or after `atMs`. */
    soundAfter(atMs: number): number | undefined {
        return this.told.find((each) => each.event === 'audio' && each.atMs >= atMs)?.atMs;
    }

    get steps(): unknown[] {
        const steps = this.log.lines.filter(({ fields }) => fields['code'] === 'ERR_FALLBACK_STEP');
        return steps.map(
            ({ fields }) => `${String(fields['from'])} → ${String(fields['to'])}: ${String(fields['why'])}`,
        );
    }

    history(option: TestOption): readonly HistoryLine[] {
        return option.takeover?.history ?? [];
    }

    close(): void {
        for (const ladder of this.ladders) ladder.end();
    }

    private listen(ladder: FallbackLadder): void {
        const tell = (event: string, fields: Partial<Told> = {}): void => {
            this.told.push({ atMs: this.clock.nowMs(), event, ...fields });
        };
        ladder.on('audio', (pcmu, { responseId }) => {
            tell('audio', { id: responseId, ms: pcmu.length / 8 });
        });
        ladder.on('responseEnded', (id) => {
            tell('responseEnded', { id });
        });
        for (const name of ['ready', 'speechStarted', 'speechStopped', 'turn', 'collectDigits'] as const)
            ladder.on(name, () => {
                tell(name);
            });
        ladder.on('waiting', (wait) => this.waits.push(wait));
        ladder.on('transcript', (item) => this.said.push(item));
        ladder.on('ended', (end) => {
            tell('ended');
            this.ends.push(end);
        });
    }
}

function nameOf(id: string): string {
    if (id.startsWith('ladder_wait')) return 'filler';
    return id.endsWith('apology') ? 'apology' : id;
}

/** Lets promises settle. */
export function settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
}
