import { CallerAudioBuffer } from '../../src/audio/caller-audio-buffer';
import { Session } from '../../src/common/session';
import { loadConfig, type Config } from '../../src/config/config';
import { MAYBE_FAULT, readFault, byteParts, textParts } from '../../src/flight/format';
import { planOf, type BotEntry } from '../../src/flight/bot-entry';
import { isReplayable } from '../../src/flight/flights';
import { callSeams } from '../../src/flight/seams';
import { BotFactory } from '../../src/services/bot-factory';
import type { BotCall, BotFinder, BotRequest, ChosenBot, UnknownBot } from '../../src/services/bot-service';
import type { ObserveCall } from '../../src/services/call-observer';
import type { Handover } from '../../src/services/handover/handover';
import { EchoBot } from '../../src/services/echo-bot';
import { SilentBot } from '../../src/services/silent-bot';
import { OutputVariables } from '../../src/services/profiles/variables';
import { Transcript } from '../../src/services/transcript';
import { silentLogger } from '../../src/support/logger';
import { systemClock } from '../../src/support/clock';
import { UnusableFlight, type Flight } from './flight-reader';
import { Player, type Difference } from './player';

/** A replay, and what it saw. */
export interface Replay {
    /** undefined: all that left the call is as it was recorded. */
    readonly difference: Difference | undefined;
    readonly inputs: number;
    readonly outputs: number;
    /** Length of the call, in ms. */
    readonly ms: number;
}

/**
 * Runs the code of this checkout with all that entered the call, and compares all that leaves it.
 *
 * Rejects with `UnusableFlight` for a call whose bot was written in code: what that did is not in the file.
 *
 * `observers` follow the call that is run.
 */
export async function replay(flight: Flight, observers: readonly ObserveCall[] = []): Promise<Replay> {
    const call = new ReplayedCall(flight, observers);
    const difference = await call.run();
    const { steps } = flight;
    const times = steps.flatMap((step) => (step[0] === '<' ? [step[1]] : []));
    return {
        difference,
        inputs: times.length,
        outputs: steps.length - times.length,
        ms: (times.at(-1) ?? 0) - (times[0] ?? 0),
    };
}

/** The call whose bot is found when the recording says so. */
interface AwaitedBot {
    readonly request: BotRequest;
    readonly call: BotCall;
    resolve(bot: ChosenBot | UnknownBot): void;
    reject(fault: Error): void;
}

class ReplayedCall {
    private readonly player: Player;
    private session: Session | undefined;
    private awaited: AwaitedBot | undefined;
    private factory: BotFactory | undefined;

    constructor(
        private readonly flight: Flight,
        private readonly observers: readonly ObserveCall[],
    ) {
        this.player = new Player(flight, (kind, parts) => this.enter(kind, parts));
    }

    async run(): Promise<Difference | undefined> {
        try {
            return await this.player.play();
        } finally {
            this.session?.close();
            await this.factory?.close();
        }
    }

    private enter(kind: string, [first]: readonly unknown[]): boolean | Promise<boolean> {
        const { session } = this;
        if (kind === 'begin') {
            this.session = this.begin();
            return true;
        }
        if (kind === 'bot') return this.found(first as BotEntry);
        if (kind === 'no-bot') return this.notFound(first);
        if (session === undefined) return false;
        switch (kind) {
            case 'text':
                session.processTextMessage(String(first));
                return true;
            case 'audio':
                session.processBinaryMessage(Buffer.from(String(first), 'base64'));
                return true;
            case 'goodbye':
                session.endForShutdown();
                return true;
            case 'shutdown':
                session.shutDown();
                return true;
            case 'close':
                session.close();
                return true;
            default:
                return false;
        }
    }

    private begin(): Session {
        const { player } = this;
        const { sessionId, url, organizationId } = this.flight.header;
        const socket = {
            get bufferedAmount() {
                return player.read('client', () => 0);
            },
            send: (data: string | Uint8Array) => {
                if (typeof data === 'string') player.output('text', ...textParts(data));
                else player.output('audio', ...byteParts(data));
            },
            close: (code?: number) => {
                player.output('close', code ?? null);
            },
            terminate: () => {
                player.output('terminate');
            },
        };
        return new Session(socket, sessionId, url, {
            config: settingsOf(this.flight),
            logger: silentLogger,
            clock: player.clock,
            botService: this.finder,
            identity: organizationId === undefined ? undefined : { organizationId },
            hasRoom: () => player.read('room', () => true),
            observers: this.observers,
            handover: this.flight.readings.has('handover') ? () => this.handover : undefined,
        });
    }

    private readonly handover: Handover = {
        begin: () => undefined,
        close: () => undefined,
        variables: () => this.player.read('handover', () => ({})),
    };

    private readonly finder: BotFinder = {
        getBotIfExists: (request, call) =>
            new Promise((resolve, reject) => {
                this.awaited = { request, call, resolve, reject };
            }),
    };

    private async found(entry: BotEntry): Promise<boolean> {
        const { awaited } = this;
        if (awaited === undefined) return false;
        if (entry.unknown !== undefined) awaited.resolve({ unknown: entry.unknown });
        else awaited.resolve(await this.make(entry, awaited));
        return true;
    }

    private notFound(fault: unknown): boolean {
        this.awaited?.reject(readFault(fault));
        return this.awaited !== undefined;
    }

    private async make(entry: BotEntry, { request, call }: AwaitedBot): Promise<ChosenBot> {
        const { name = '', version, turnTaking, maxCallMinutes, declared = {}, others } = entry;
        const settings = settingsOf(this.flight);
        if (turnTaking === undefined || maxCallMinutes === undefined || !isReplayable(name, entry.plan !== undefined))
            throw new UnusableFlight(`its bot "${name}" is written in code, and what it did is not in the file`);
        const factory = new BotFactory(settings, { clock: systemClock, logger: silentLogger });
        this.factory = factory;
        const variables = new OutputVariables(declared, others);
        return {
            name,
            ...(version !== undefined && { version }),
            conversation: await this.conversation(entry, variables, factory, request, call),
            turnTaking,
            speechMeter: entry.isJudged === true ? factory.speechMeter() : undefined,
            maxCallMinutes,
            variables,
        };
    }

    private async conversation(
        { name, plan, loadFault }: BotEntry,
        variables: OutputVariables,
        factory: BotFactory,
        { conversationId, participant }: BotRequest,
        call: BotCall,
    ): Promise<ChosenBot['conversation']> {
        if (plan === undefined) return name === 'echo' ? new EchoBot() : new SilentBot();
        const fault = MAYBE_FAULT.read(loadFault);
        const seams = callSeams(this.player, {
            planned: () => undefined,
            loaded: (load) => (fault === undefined ? load() : Promise.reject(fault)),
        });
        const { logger, onTool, transcript = new Transcript(), callerAudio = new CallerAudioBuffer() } = call;
        const ofBot = { logger, conversationId, ani: participant?.ani, onTool, transcript, callerAudio, seams };
        return factory.create(planOf(plan, variables), ofBot);
    }
}

/** The settings of a server without keys, with those that the call has read. Nothing is asked of a voice or a service: the file answers. */
function settingsOf({ header }: Flight): Config {
    const { playbackLeadMs, organizations, maxCallMinutes, fallback, forceFallback, hasRest } = header.settings;
    const config = loadConfig({
        OPENAI_API_KEY: 'replay',
        FORCE_FALLBACK: forceFallback,
        FALLBACK: fallback,
        LOCAL_TTS: 'flite',
        LOCAL_ASR: 'none',
    });
    const { rest, ...localSpeech } = config.localSpeech;
    const settings = { playbackLeadMs, organizations, maxCallMinutes };
    return { ...config, ...settings, localSpeech: { ...localSpeech, rest: hasRest ? rest : undefined } };
}
