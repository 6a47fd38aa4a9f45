import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/config';
import type { FlightConfig } from '../config/flight';
import type { ObserveCall, OpeningCall } from '../services/call-observer';
import type { BotFinder } from '../services/bot-service';
import type { BotPlan } from '../services/bot-plan';
import type { MakeHandover } from '../services/handover/handover';
import type { Clock } from '../support/clock';
import { MULAW_SILENCE } from '../audio/mulaw';
import { overWithin } from '../support/deadline';
import { isFields, recordIn } from '../support/json';
import type { Logger } from '../support/logger';
import { ownVersion } from '../support/own-version';
import { botEntry, PLAIN_BOTS } from './bot-entry';
import { FlightFile } from './flight-file';
import { base64, byteParts, FLIGHT_VERSION, writeFault, type FlightHeader } from './format';
import { asError, FlightRecorder } from './recorder';
import { callSeams } from './seams';
import { headerSecrets, Secrets, secretsOf } from './secrets';

/** The part of a client's socket that a call uses. */
export interface CallSocket {
    send(data: string | Uint8Array): void;
    close(code?: number): void;
    terminate(): void;
    readonly bufferedAmount: number;
}

/** A call as the server sees it. */
export interface FlightSession {
    readonly hasOpened: boolean;
    readonly logger: Logger;
    /** A secret is being typed. */
    readonly isSecret: boolean;
    processTextMessage(text: string): void;
    processBinaryMessage(bytes: Uint8Array): void;
    close(): void;
    endForShutdown(): void;
    shutDown(): void;
}

/** What a call is given that a recorder stands in front of. */
export interface FlightDeps {
    clock: Clock;
    botService: BotFinder;
    hasRoom: () => boolean;
    identity: { organizationId: string } | undefined;
    observers?: readonly ObserveCall[] | undefined;
    handover?: MakeHandover | undefined;
}

/** The call that is about to begin. */
export interface BeginningCall {
    readonly ws: CallSocket;
    readonly sessionId: string;
    readonly url: string;
}

interface FlightsDeps {
    clock: Clock;
    logger: Logger;
    /** Where further secrets are looked up. */
    env?: Readonly<Record<string, string | undefined>>;
}

/** Adds the flight file to the record of a call. */
export interface FlightAttachment {
    /** Resolves when the file is complete; undefined: there is none. */
    finish(): Promise<FlightAddition | undefined>;
}

/** The file of this machine, and what the record says of it. */
interface FlightAddition {
    readonly fields: { readonly flight: { readonly name: string; readonly bytes: number; readonly fromMs: number } };
    readonly file: { readonly name: string; readonly path: string };
}

async function additionOf(file: FlightFile, sessionId: string): Promise<FlightAddition | undefined> {
    const path = await file.done;
    if (path === undefined) return undefined;
    const name = `${sessionId}.flight`;
    const { size: bytes } = await stat(path);
    return { fields: { flight: { name, bytes, fromMs: 0 } }, file: { name, path } };
}

const CLOSE_WITHIN_MS = 5000;

/** The flight files of a process: which calls are recorded, and where. */
export class Flights {
    private calls = 0;
    private readonly secrets: readonly string[];
    /** Those that are being written, by the session. */
    private readonly open = new Map<string, FlightFile>();

    /** `every`: one call in so many is recorded, the first one among them. */
    constructor(
        private readonly config: Config,
        private readonly settings: FlightConfig,
        private readonly deps: FlightsDeps,
    ) {
        this.secrets = secretsOf(config, deps.env ?? process.env);
    }

    /** Makes the session of a call by `make`, and records it where it is its turn. Throws what `make` throws. */
    session<D extends FlightDeps>(
        call: BeginningCall,
        deps: D,
        make: (ws: CallSocket, deps: D) => FlightSession,
    ): FlightSession {
        if (this.calls++ % this.settings.every !== 0) return make(call.ws, deps);
        const file = new FlightFile(this.pathOf(call.sessionId), this.deps.logger);
        this.open.set(call.sessionId, file);
        void file.done.then(() => {
            if (this.open.get(call.sessionId) === file) this.open.delete(call.sessionId);
        });
        const secrets = new Secrets(this.secrets);
        const recorder = new FlightRecorder(this.headerOf(call, deps), { clock: deps.clock, file, secrets });
        const recorded = {
            ...deps,
            clock: recorder.clock,
            botService: recordedBots(deps.botService, recorder, secrets, this.settings.bots),
            hasRoom: () => recorder.read('room', deps.hasRoom),
            handover: deps.handover && recordedHandover(deps.handover, recorder, secrets),
            observers: deps.observers && withClock(deps.observers, deps.clock),
        };
        try {
            const session = recorder.input('begin', [], () => make(recordedSocket(call.ws, recorder), recorded));
            return new RecordedSession(session, recorder);
        } catch (fault) {
            recorder.end();
            throw fault;
        }
    }

    /** What the record of a call gets: its flight file, once that is complete. undefined: the call is not recorded. */
    readonly attach = ({ sessionId }: { readonly sessionId: string }): FlightAttachment | undefined => {
        const file = this.open.get(sessionId);
        return file === undefined ? undefined : { finish: () => additionOf(file, sessionId) };
    };

    /** Resolves when the files are written, or after a few seconds: a disk may be very slow. */
    async close(): Promise<void> {
        // A call that has just ended hands its last lines over in the next turn of the event loop.
        await new Promise((resolve) => setImmediate(resolve));
        const files = [...this.open.values()];
        for (const file of files) file.end('the server has stopped');
        await overWithin(this.deps.clock, CLOSE_WITHIN_MS, Promise.all(files.map(({ done }) => done)));
    }

    private pathOf(sessionId: string): string {
        const day = new Date(this.deps.clock.epochMs()).toISOString().slice(0, 10);
        return join(this.settings.folder, day, `${sessionId}.flight`);
    }

    private headerOf({ sessionId, url }: BeginningCall, { clock, identity }: FlightDeps): FlightHeader {
        const { playbackLeadMs, organizations, maxCallMinutes, localSpeech } = this.config;
        const { fallback, forceFallback, rest } = localSpeech;
        const hasRest = rest?.chatModel !== undefined;
        return {
            flight: FLIGHT_VERSION,
            server: ownVersion(),
            node: process.version,
            sessionId,
            url,
            organizationId: identity?.organizationId,
            at: new Date(clock.epochMs()).toISOString(),
            settings: { playbackLeadMs, organizations, maxCallMinutes, fallback, forceFallback, hasRest },
        };
    }
}

/** Writes down what enters a call from the client and from the server, and hands it on. */
class RecordedSession implements FlightSession {
    private isClosed = false;

    constructor(
        private readonly session: FlightSession,
        private readonly recorder: FlightRecorder,
    ) {}

    get hasOpened(): boolean {
        return this.session.hasOpened;
    }

    get logger(): Logger {
        return this.session.logger;
    }

    get isSecret(): boolean {
        return this.session.isSecret;
    }

    processTextMessage(text: string): void {
        const written = this.session.isSecret ? withoutDigit(text) : text;
        this.recorder.input('text', [written], () => {
            this.session.processTextMessage(text);
        });
    }

    processBinaryMessage(bytes: Uint8Array): void {
        // Keys can be heard. The call hears the same silence, as its bot would in any case, so that a replay is the same call.
        const heard = this.session.isSecret ? new Uint8Array(bytes.length).fill(MULAW_SILENCE) : bytes;
        this.recorder.input('audio', this.recorder.isRecording ? [base64(heard)] : [], () => {
            this.session.processBinaryMessage(heard);
        });
    }

    endForShutdown(): void {
        this.recorder.input('goodbye', [], () => {
            this.session.endForShutdown();
        });
    }

    shutDown(): void {
        this.recorder.input('shutdown', [], () => {
            this.session.shutDown();
        });
    }

    close(): void {
        if (this.isClosed) return;
        this.isClosed = true;
        this.recorder.input('close', [], () => {
            this.session.close();
        });
        this.recorder.end();
    }
}

/** The message of a key with another key in its place; any other message as it is. */
function withoutDigit(text: string): string {
    if (!text.includes('dtmf')) return text;
    try {
        const message: unknown = JSON.parse(text);
        if (!isFields(message) || message['type'] !== 'dtmf') return text;
        const { digit } = recordIn(message, 'parameters');
        if (typeof digit !== 'string') return text;
        const parameters = { ...recordIn(message, 'parameters'), digit: digit.replace(/\d/g, '0') };
        return JSON.stringify({ ...message, parameters });
    } catch {
        return text;
    }
}

function recordedSocket(ws: CallSocket, recorder: FlightRecorder): CallSocket {
    return {
        get bufferedAmount() {
            return recorder.read('client', () => ws.bufferedAmount);
        },
        send: (data) => {
            if (typeof data === 'string') recorder.output('text', ...recorder.textParts(data));
            else recorder.output('audio', ...byteParts(data));
            ws.send(data);
        },
        close: (code) => {
            recorder.output('close', code ?? null);
            ws.close(code);
        },
        terminate: () => {
            recorder.output('terminate');
            ws.terminate();
        },
    };
}

/** Their timers are none of the call's. All of them are given the same object, by which what belongs to one call finds together. */
function withClock(observers: readonly ObserveCall[], clock: Clock): ObserveCall[] {
    const own = new WeakMap<OpeningCall, OpeningCall>();
    return observers.map((observe) => (opening) => {
        const given = own.get(opening) ?? { ...opening, clock };
        own.set(opening, given);
        return observe(given);
    });
}

/** What Architect is told by it counts as a reading: it is written elsewhere, and its link is a key. */
function recordedHandover(make: MakeHandover, recorder: FlightRecorder, secrets: Secrets): MakeHandover {
    return (call) => {
        const handover = make(call);
        return {
            begin: () => {
                handover.begin();
            },
            close: () => {
                handover.close();
            },
            variables: (ending) =>
                recorder.read('handover', () => {
                    const told = handover.variables(ending);
                    secrets.add(told['call_link'] ?? '');
                    return told;
                }),
        };
    };
}

/** `wanted`: the bots whose calls are recorded; undefined: all. */
function recordedBots(
    botService: BotFinder,
    recorder: FlightRecorder,
    secrets: Secrets,
    wanted: readonly string[] | undefined,
): BotFinder {
    return {
        getBotIfExists: (request, call) => {
            let plan: BotPlan | undefined;
            let loadFault: unknown;
            const seams = callSeams(recorder, {
                planned: (made) => {
                    plan = made;
                    for (const value of headerSecrets(made.openai?.headers ?? {})) secrets.add(value);
                    for (const server of made.toolbox?.definitions ?? [])
                        if (server.type === 'mcp' && server.authorization !== undefined)
                            secrets.add(server.authorization);
                },
                loaded: async (load) => {
                    try {
                        return await load();
                    } catch (fault) {
                        loadFault = writeFault(fault);
                        throw fault;
                    }
                },
            });
            return new Promise((resolve, reject) => {
                botService.getBotIfExists(request, { ...call, seams }).then(
                    (bot) => {
                        const name = 'unknown' in bot ? bot.unknown : bot.name;
                        if (wanted?.includes(name) === false) recorder.discard();
                        recorder.later('bot', [botEntry(bot, plan, loadFault)], () => {
                            resolve(bot);
                        });
                    },
                    (fault: unknown) => {
                        recorder.later('no-bot', [writeFault(fault)], () => {
                            reject(asError(fault));
                        });
                    },
                );
            });
        },
    };
}

/** Whether a replay can make the bot again: it was made of a plan, or needs none. One that was written in code is not in the file. */
export function isReplayable(name: string | undefined, hasPlan: boolean): boolean {
    return hasPlan || PLAIN_BOTS.some((plain) => plain === name);
}
