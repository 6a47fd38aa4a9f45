import type { Config } from '../src/common/environment-variables';
import { BotResource, BotService } from '../src/services/bot-service';
import type { Conversation } from '../src/services/conversation';
import { FallbackLadder, type Rung } from '../src/services/fallback-ladder';
import { ApologyBot } from '../src/services/ladder/apology-bot';
import type { CircuitBreakers } from '../src/support/circuit-breaker';
import type { Clock } from '../src/support/clock';
import type { LogFields, Logger } from '../src/support/logger';
import { PlainBot, type Sentences } from './plain-bot';

/** A log line and its moment. */
export interface TimedLine {
    atMs: number;
    fields: LogFields;
}

/** A logger that keeps what has a code or tells of a breaker, with its time. */
export class TimedLog implements Logger {
    constructor(
        private readonly clock: Clock,
        readonly lines: TimedLine[] = [],
    ) {}

    readonly debug = (): void => undefined;
    readonly info = (fields: LogFields): void => {
        this.keep(fields);
    };
    readonly warn = this.info;
    readonly error = this.info;

    child(): Logger {
        return this;
    }

    /** When a code was logged first; undefined: never. */
    firstMs(code: string): number | undefined {
        return this.lines.find(({ fields }) => fields['code'] === code)?.atMs;
    }

    count(code: string): number {
        return this.lines.filter(({ fields }) => fields['code'] === code).length;
    }

    private keep(fields: LogFields): void {
        if (fields['code'] !== undefined || fields['breaker'] !== undefined)
            this.lines.push({ atMs: this.clock.nowMs(), fields });
    }
}

/** Recordings of noise without a pattern: nobody takes them for a sentence. */
const PROMPTS = { recording: (): Uint8Array => new Uint8Array(1000 * 8).fill(0x31) };
const APOLOGY = new Uint8Array(1500 * 8).fill(0x41);

export interface LadderServiceOptions {
    config: Pick<Config, 'openai' | 'logTranscripts' | 'localSpeech' | 'defaultBot'>;
    clock: Clock;
    log: TimedLog;
    sentences: Sentences;
    breakers: CircuitBreakers;
}

/** Gives each call a ladder: OpenAI's model, a bot without any service, an apology. */
export class LadderService extends BotService {
    constructor(private readonly options: LadderServiceOptions) {
        super(options.config, { clock: options.clock, logger: options.log });
    }

    override getBotIfExists(): Promise<Conversation | undefined> {
        const { clock, log, breakers } = this.options;
        return Promise.resolve(new FallbackLadder(this.rungs(), { clock, logger: log, breakers, prompts: PROMPTS }));
    }

    private rungs(): Rung[] {
        const { config, clock, log, sentences } = this.options;
        const { openai } = config;
        if (openai === undefined) throw new Error('A ladder over OpenAI needs its settings.');
        return [
            {
                name: 'realtime',
                upstream: 'openai-realtime',
                make: () => new BotResource(openai, { clock, logger: log }),
            },
            { name: 'local', make: (takeover) => new PlainBot(clock, sentences, takeover) },
            { name: 'apology', make: (takeover) => new ApologyBot(APOLOGY, takeover) },
        ];
    }
}
