import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callDocument, type CallDocument } from '../../src/call-records/document';
import { loadConfig, type Config } from '../../src/config/config';
import { BotService } from '../../src/services/bot-service';
import { environmentNeeds } from '../../src/services/profiles/config';
import type { BotProfile } from '../../src/services/profiles/schema';
import { ProfileStore } from '../../src/services/profiles/store';
import { SHIPPED_PROMPTS, type ShippedPrompt } from '../../src/services/tts-service';
import { readRecording, PROMPTS_FOLDER } from '../../src/speech/prompts';
import { silentLogger } from '../../src/support/logger';
import { Server } from '../../src/websocket/server';
import { Caller } from '../caller/client';
import { maskKeys } from '../caller/call-event';
import { RealClock, type CallClock } from './call-clock';
import { answersOf, heardPieces, type CallerAct, type HeardPiece } from './ear';
import { dialogue } from './expected-words';
import type { CallEvidence } from './expectations';
import type { LiveCall } from './live-call';
import { LogKeeper } from './log-keeper';
import { ModelScript } from './model-script';
import type { ModelSide } from './model-side';
import type { CallOutcome, FunctionCalled } from './result';
import { sentencesIn } from './nearest-sentence';
import type { CaseToRun } from './run-case';
import { prepareSpeech, ScriptedCaller } from './scripted-caller';
import { ScriptedRecognizer } from './scripted-recognizer';
import { ServiceMocks } from './service-mocks';
import { longestSilence } from './silence';
import { StandInModel } from './stand-in-model';
import { emptyPicks, whyUnset } from './unset-outputs';
import { ServerVoice, type Sound, type SpokenSentences } from './voice';
import { VirtualClock } from './virtual-clock';

const LIMIT_MS = 300_000;
/** Beside the time limit of the call: for what starts before it and ends after it, ms. */
const AROUND_MS = 120_000;
/** After the call is over the server writes its record, ms. */
const RECORD_MS = 2000;
/** With the clock of the machine its own delays are in what the model is told of the caller's ear, ms. */
const LIVE_HEARD_SLACK_MS = 400;

/**
 * One call of a case: the server, the services and the caller, all in this process. With the stand-in for the model they have a clock of
 * their own; with the real model (`live`) the call takes its time.
 */
export class EvalCall {
    private readonly clock: CallClock;
    private readonly logs = new LogKeeper();
    private readonly folder = mkdtempSync(join(tmpdir(), 'eval-'));
    private readonly voice: ServerVoice;
    private readonly recognizer: ScriptedRecognizer | undefined;
    private readonly apiKey: string;
    private readonly secret: string;
    private readonly ids: (name: string) => string;
    /** Sentences that the server made at its start. */
    private saidBefore = 0;

    constructor(
        private readonly toRun: CaseToRun,
        private readonly sentences: SpokenSentences,
        private readonly live: LiveCall | undefined,
    ) {
        const { seed, evalCase } = toRun;
        this.clock = live === undefined ? new VirtualClock() : new RealClock();
        const { recognizer = 'none' } = evalCase;
        this.voice = new ServerVoice(sentences, this.clock);
        this.recognizer =
            recognizer === 'none' ? undefined : new ScriptedRecognizer(recognizer, () => this.wordsSaid());
        const hash = (name: string): Buffer => createHash('sha256').update(`${seed} ${name}`).digest();
        this.ids = (name) => uuidOf(hash(name));
        this.apiKey = hash('key').toString('hex').slice(0, 24);
        this.secret = hash('secret').toString('base64');
    }

    private caller: ScriptedCaller | undefined;

    private wordsSaid(): string {
        return this.caller?.takeWords() ?? '';
    }

    /** Places the call, and gathers what it showed. Rejects when the case cannot be run at all. */
    async place(): Promise<CallEvidence> {
        const { limit_ms: limitMs = LIMIT_MS } = this.toRun.evalCase;
        try {
            return await this.clock.run(this.run(limitMs), limitMs + AROUND_MS);
        } finally {
            this.clock.close();
            rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
        }
    }

    private async run(limitMs: number): Promise<CallEvidence> {
        const { evalCase } = this.toRun;
        const { clock, live } = this;
        const profile = this.readProfile();
        const voice = live?.voice ?? this.sentences;
        const script = await clock.hold(
            ModelScript.of(live === undefined ? (evalCase.model ?? []) : [], this.sentences),
        );
        // Made before the call: no time of the call passes for it.
        await clock.hold(prepareSpeech(evalCase.script ?? [], voice));
        const mocks = new ServiceMocks(profile?.tools ?? [], evalCase.mocks ?? {}, clock);
        const model = live === undefined ? await this.standIn(script) : await live.startModel();
        const server = await this.startServer(model, profile, mocks);
        this.saidBefore = this.voice.said.length;
        const line = this.dialler(server);
        const isBusy = (): boolean => mocks.isBusy || this.voice.isBusy || model.isBusy;
        const caller = new ScriptedCaller(
            line,
            {
                get isBusy() {
                    return isBusy();
                },
                get responses() {
                    return script.begun;
                },
            },
            clock,
            voice,
            this.toRun.folder,
        );
        this.caller = caller;
        try {
            const dialled = await line.dial();
            if (!dialled.ok) throw new Error(`the server refused the call: ${dialled.why}`);
            caller.isPatient = (evalCase.faults ?? []).some((fault) => 'openai' in fault);
            model.begin(evalCase.faults ?? [], caller);
            const limit = clock.after(limitMs, () => {
                caller.problems.push(`The call was given up after ${limitMs / 1000} s.`);
                line.hangUp();
            });
            if (live?.persona === undefined) await caller.play(evalCase.script ?? []);
            else await live.persona.play(caller, () => this.heardSoFar(line, caller, model));
            const summary = await line.ended;
            limit.cancel();
            await caller.pause(RECORD_MS);
            // What is left takes no time of the call: the record is written and read, and sockets are closed.
            await clock.pace(server.stop());
            const { broken: breaches } = summary.protocol;
            return await clock.pace(this.evidence({ line, caller, model, mocks, profile, breaches }));
        } finally {
            line.hangUp();
            await clock.pace(server.stop());
            mocks.close();
            await clock.pace(model.close());
        }
    }

    private standIn(script: ModelScript): Promise<ModelSide> {
        const { seed, evalCase } = this.toRun;
        return StandInModel.start({
            clock: this.clock,
            seed,
            evalCase,
            script,
            callerWords: () => this.wordsSaid(),
        });
    }

    /** What was said on both sides until now, as it was heard. */
    private async heardSoFar(line: Caller, caller: ScriptedCaller, model: ModelSide): Promise<string> {
        const pieces = heardPieces(line.heardTrack, [...model.said, ...this.voice.said, ...(await promptSounds())]);
        return dialogue({ answers: answersOf(pieces, actsOf(caller)), done: caller.done });
    }

    private readProfile(): BotProfile | undefined {
        const { botsFolder, bot } = this.toRun;
        const store = ProfileStore.load(botsFolder, { clock: this.clock, logger: silentLogger });
        try {
            return store.get(bot);
        } finally {
            store.close();
        }
    }

    private async startServer(model: ModelSide, profile: BotProfile | undefined, mocks: ServiceMocks): Promise<Server> {
        const { clock, logs: logger, voice, recognizer } = this;
        const config = this.config(model);
        const botService = new BotService(config, {
            clock,
            logger,
            env: profile === undefined ? {} : madeUpSecrets(profile),
            http: mocks.http,
            functions: mocks.codeFunctions(),
            voice: () => voice,
            ...(recognizer !== undefined && { recognizer: () => recognizer }),
        });
        const server = new Server({ config, clock, logger, botService });
        // Loading takes no time of the call.
        await clock.hold(server.start());
        return server;
    }

    private config(model: ModelSide): Config {
        const { evalCase, botsFolder } = this.toRun;
        const { env = {} } = evalCase;
        const config = loadConfig({
            ADMISSION: 'off',
            AUDIOHOOK_API_KEYS: JSON.stringify({ [this.apiKey]: this.secret }),
            OPENAI_AUDIO_FORMAT: 'pcmu',
            LOG_LEVEL: 'debug',
            BOTS_FOLDER: botsFolder,
            LOCAL_TTS: 'custom',
            LOCAL_ASR: this.recognizer === undefined ? 'none' : 'custom',
            CALL_RECORD: 'full',
            CALL_RECORD_MASK: 'off',
            CALL_RECORD_STORE: this.folder,
            GENESYS_REGION: 'mypurecloud.com',
            GENESYS_CLIENT_ID: 'client',
            GENESYS_CLIENT_SECRET: 'secret',
            ...(this.live === undefined ? { ...model.settings, ...env } : { ...this.live.settings, ...model.settings }),
        });
        return { ...config, port: 0 };
    }

    private dialler(server: Server): Caller {
        const { evalCase, bot } = this.toRun;
        return new Caller({
            url: `ws://127.0.0.1:${server.address?.port ?? 0}/?bot=${encodeURIComponent(bot)}`,
            apiKey: this.apiKey,
            clientSecret: this.secret,
            clock: this.clock,
            organizationId: this.ids('organization'),
            sessionId: this.ids('session'),
            conversationId: this.ids('conversation'),
            inputVariables: evalCase.input ?? {},
            ...(evalCase.language !== undefined && { language: evalCase.language }),
        });
    }

    private async evidence(parts: Parts): Promise<CallEvidence> {
        const { line, caller, model, mocks, profile, breaches } = parts;
        const { evalCase } = this.toRun;
        const { voice, logs } = this;
        const record = this.readRecord();
        const sounds = [...model.said, ...voice.said, ...(await promptSounds())];
        const pieces = heardPieces(line.heardTrack, sounds);
        const acts = actsOf(caller);
        const outcome = this.outcome(parts, record, pieces, acts);
        return {
            outcome,
            breaches,
            wrongFrames: model.wrongFrames,
            missing: [...missingOf(parts, logs), ...this.neverCame(mocks)],
            heardPositions: heardPositions(model, pieces, line.events),
            ...(this.live !== undefined && { heardSlackMs: LIVE_HEARD_SLACK_MS }),
            sentences: pieces.flatMap(({ heard, fromMs, toMs }) => sentencesIn(heard, fromMs, toMs)),
            unset: whyUnset(profile?.tools ?? [], outcome.functions, logs.lines),
            generated: [...model.said, ...voice.said].map(({ text }) => text),
            places: [
                { name: 'the log', text: JSON.stringify(logs.lines) },
                { name: 'the record of the call', text: JSON.stringify(record ?? null) },
                { name: 'what the model is given', text: model.given },
                { name: 'what functions are given', text: JSON.stringify(mocks.asked) },
                {
                    name: 'what the server sends to Genesys',
                    text: line.events.map((event) => (event.kind === 'received' ? event.text : '')).join('\n'),
                },
            ],
            languages: {
                heard: model.language,
                spoken: voice.said.slice(this.saidBefore).map(({ language }) => language),
            },
            longestSilence: longestSilence(pieces, acts, outcome.durationMs),
            hasFaults: (evalCase.faults ?? []).length > 0,
            ...(caller.hasLeft && { leftAfter: this.whatWasLast() }),
        };
    }

    private whatWasLast(): string {
        return this.live?.persona === undefined ? 'the last step of the script' : 'the last words of the persona';
    }

    /** The real model is free not to call a function. */
    private neverCame(mocks: ServiceMocks): CallEvidence['missing'] {
        const { ownMocks = [] } = this.toRun;
        return this.live === undefined ? mocks.neverGiven(ownMocks).map((why) => ({ of: 'faults', why })) : [];
    }

    private outcome(
        { line, caller, model }: Parts,
        record: CallDocument | undefined,
        pieces: readonly HeardPiece[],
        acts: readonly CallerAct[],
    ): CallOutcome {
        const disconnect = line.events.find((event) => event.kind === 'received' && event.type === 'disconnect');
        const { outputVariables = {}, reason } = disconnect?.kind === 'received' ? disconnect.parameters : {};
        const hungUp = caller.done.some(({ what }) => what === 'hang up');
        const outputs = Object.entries(outputVariables as Record<string, unknown>).map(
            ([name, value]) => [name, String(value)] as const,
        );
        const last = line.events.findLast(({ kind }) => kind === 'received' || kind === 'sent');
        const isPrivate = this.toRun.evalCase.expect.private_digits !== undefined;
        return {
            answers: answersOf(pieces, acts),
            functions: functionsOf(record, model.argumentsById, model.given),
            done: caller.done.map((done) =>
                isPrivate && done.what === 'keys' ? { ...done, text: done.text.replace(/\d/g, '•') } : done,
            ),
            outputs: Object.fromEntries(outputs),
            end: typeof reason === 'string' ? reason : hungUp ? 'caller' : undefined,
            durationMs: last?.atMs ?? 0,
            record,
            events: line.events
                .filter(({ kind }) => kind !== 'audioSent')
                .map((event) => (isPrivate ? maskKeys(event) : event)),
        };
    }

    private readRecord(): CallDocument | undefined {
        const name = `${this.ids('session')}.json`;
        const found = readdirSync(this.folder, { recursive: true, encoding: 'utf8' }).find((file) =>
            file.endsWith(name),
        );
        return found === undefined
            ? undefined
            : callDocument.parse(JSON.parse(readFileSync(join(this.folder, found), 'utf8')));
    }
}

interface Parts {
    readonly line: Caller;
    readonly caller: ScriptedCaller;
    readonly model: ModelSide;
    readonly mocks: ServiceMocks;
    readonly profile: BotProfile | undefined;
    readonly breaches: CallEvidence['breaches'];
}

function actsOf({ done }: ScriptedCaller): CallerAct[] {
    return done.flatMap(({ atMs, toMs, what }): CallerAct[] =>
        what === 'silent' || what === 'language' ? [] : [{ atMs, toMs, isTurn: what !== 'mhm' && what !== 'hang up' }],
    );
}

function missingOf({ model, mocks, caller }: Parts, logs: LogKeeper): CallEvidence['missing'] {
    return [
        ...model.missing,
        ...mocks.missing.map((why) => ({ of: 'mocks', why })),
        ...emptyPicks(logs.lines).map((why) => ({ of: 'mocks', why })),
        ...caller.problems.map((why) => ({ of: 'script', why })),
    ];
}

/** What the model was told the caller had heard of each sentence that was cut off, beside what they did hear. */
function heardPositions(
    model: ModelSide,
    pieces: readonly HeardPiece[],
    events: Caller['events'],
): CallEvidence['heardPositions'] {
    const flushedAtMs = events.flatMap((event) =>
        event.kind === 'playback' && event.what === 'flushed' ? [event.atMs] : [],
    );
    return model.truncations.map(({ text, toldMs, index, nth }) => {
        const same = pieces.filter((each) => each.text === text);
        const piece = same[nth] ?? same.at(-1);
        return { atMs: flushedAtMs[index] ?? piece?.toMs, text, toldMs, heardMs: piece?.heardMs ?? 0 };
    });
}

/** `written`: the arguments as the model wrote them; the record masks what was entered on the keypad. `given`: what the model was told. */
function functionsOf(
    record: CallDocument | undefined,
    written: ReadonlyMap<string, string>,
    given: string,
): FunctionCalled[] {
    return (record?.events ?? []).flatMap((event) => {
        if (event.kind !== 'tool') return [];
        const { atMs, name, callId, argumentsJson = '', outcome, ms } = event;
        const why = outcome === 'ok' ? undefined : reasonGiven(given, callId);
        const args = readArguments(written.get(callId) ?? argumentsJson);
        return [{ atMs, name, arguments: args, outcome, ms, ...(why !== undefined && { why }) }];
    });
}

/** The `error` of the output of a call; undefined: the model was told none. */
function reasonGiven(given: string, callId: string): string | undefined {
    const line = given.split('\n').find((each) => each.includes('function_call_output') && each.includes(callId));
    return line === undefined ? undefined : /\\"error\\":\\"(.*?)\\"\}/.exec(line)?.[1]?.replace(/\\+"/g, '"');
}

/** What the model wrote, where it is no JSON as it is. */
function readArguments(json: string): unknown {
    try {
        return JSON.parse(json === '' ? '{}' : json);
    } catch {
        return json;
    }
}

/** What the server says from recordings. */
async function promptSounds(): Promise<Sound[]> {
    const names = Object.keys(SHIPPED_PROMPTS) as ShippedPrompt[];
    return Promise.all(
        names.map(async (name) => ({
            text: SHIPPED_PROMPTS[name],
            pcmu: await readRecording(join(PROMPTS_FOLDER, `${name}.wav`)),
        })),
    );
}

/** The variables of the environment that the profile names; their values go nowhere. */
function madeUpSecrets(profile: BotProfile): Record<string, string> {
    return Object.fromEntries(environmentNeeds(profile).map(({ name }) => [name, `made-up-${name.toLowerCase()}`]));
}

function uuidOf(bytes: Buffer): string {
    const hex = bytes.subarray(0, 16).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
