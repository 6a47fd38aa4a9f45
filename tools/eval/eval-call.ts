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
import { isFields } from '../../src/support/json';
import { silentLogger } from '../../src/support/logger';
import { Server } from '../../src/websocket/server';
import { Caller } from '../caller/client';
import { maskKeys } from '../caller/call-event';
import { startFakeOpenAI, type FakeOpenAI } from '../fake-openai';
import { answersOf, heardPieces, type CallerAct, type HeardPiece } from './ear';
import type { CallEvidence } from './expectations';
import { arm, plansOf } from './faults';
import { LogKeeper } from './log-keeper';
import { ModelScript } from './model-script';
import type { CallOutcome, FunctionCalled } from './result';
import type { CaseToRun } from './run-case';
import { prepareSpeech, ScriptedCaller } from './scripted-caller';
import { ScriptedRecognizer } from './scripted-recognizer';
import { ServiceMocks } from './service-mocks';
import { longestSilence } from './silence';
import { ServerVoice, type Sound, type SpokenSentences } from './voice';
import { VirtualClock } from './virtual-clock';

const LIMIT_MS = 300_000;
/** Beside the time limit of the call: for what starts before it and ends after it, ms. */
const AROUND_MS = 120_000;
/** After the call is over the server writes its record, ms. */
const RECORD_MS = 2000;
const KEY = 'sk-the-stand-in';

/** One call of a case: the server, the stand-in, the services and the caller, all in this process, by a clock of their own. */
export class EvalCall {
    private readonly clock = new VirtualClock();
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
    ) {
        const { seed, evalCase } = toRun;
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
        const { evalCase, seed } = this.toRun;
        const { clock } = this;
        const profile = this.readProfile();
        const script = await clock.hold(ModelScript.of(evalCase.model ?? [], this.sentences));
        // Made before the call: no time of the call passes for it.
        await clock.hold(prepareSpeech(evalCase.script ?? [], this.sentences));
        const mocks = new ServiceMocks(profile?.tools ?? [], evalCase.mocks ?? {}, clock);
        const fake = await startFakeOpenAI({
            clock,
            seed,
            response: (request) => script.respond(request),
            callerTranscript: { texts: () => this.wordsSaid() },
            plan: plansOf(evalCase.faults ?? []),
        });
        const server = await this.startServer(fake, profile, mocks);
        this.saidBefore = this.voice.said.length;
        const line = this.dialler(server);
        const isBusy = (): boolean =>
            mocks.isBusy ||
            this.voice.isBusy ||
            fake.sessions.some(
                ({ closed, activeResponseId }) => closed === undefined && activeResponseId !== undefined,
            );
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
            this.sentences,
            this.toRun.folder,
        );
        this.caller = caller;
        try {
            const dialled = await line.dial();
            if (!dialled.ok) throw new Error(`the server refused the call: ${dialled.why}`);
            caller.isPatient = (evalCase.faults ?? []).some((fault) => 'openai' in fault);
            arm(evalCase.faults ?? [], fake, caller);
            const limit = clock.after(limitMs, () => {
                caller.problems.push(`The call was given up after ${limitMs / 1000} s.`);
                line.hangUp();
            });
            await caller.play(evalCase.script ?? []);
            const summary = await line.ended;
            limit.cancel();
            await caller.pause(RECORD_MS);
            // The record is written outside of the time of the call.
            await clock.hold(server.stop());
            return await this.evidence({
                line,
                caller,
                fake,
                script,
                mocks,
                breaches: summary.protocol.broken,
                profile,
            });
        } finally {
            await server.stop();
            mocks.close();
            await fake.close();
        }
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

    private async startServer(fake: FakeOpenAI, profile: BotProfile | undefined, mocks: ServiceMocks): Promise<Server> {
        const { clock, logs: logger, voice, recognizer } = this;
        const config = this.config(fake);
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

    private config(fake: FakeOpenAI): Config {
        const { evalCase, botsFolder } = this.toRun;
        const { openai = true, env = {}, faults = [] } = evalCase;
        const isUnreachable = faults.some((fault) => 'openai' in fault && fault.openai === 'unreachable');
        const url = isUnreachable ? 'ws://127.0.0.1:9/v1/realtime' : fake.url;
        const ownWay = openai ? { OPENAI_API_KEY: KEY, OPENAI_REALTIME_URL: url } : {};
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
            ...ownWay,
            ...env,
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
        const { line, caller, fake, script, mocks, breaches } = parts;
        const { evalCase } = this.toRun;
        const { voice, logs } = this;
        const record = this.readRecord();
        const sounds = [...script.said, ...voice.said, ...(await promptSounds())];
        const pieces = heardPieces(line.heardTrack, sounds);
        const acts = caller.done.flatMap(({ atMs, toMs, what }): CallerAct[] =>
            what === 'silent' || what === 'language'
                ? []
                : [{ atMs, toMs, isTurn: what !== 'mhm' && what !== 'hang up' }],
        );
        const outcome = this.outcome(parts, record, pieces, acts);
        const [session] = fake.sessions;
        return {
            outcome,
            breaches,
            wrongFrames: fake.faults.filter(({ benign }) => !benign).map(({ code, message }) => `${code}: ${message}`),
            missing: missingOf(parts),
            heardPositions: heardPositions(fake, pieces, line.events),
            generated: [...script.said, ...voice.said].map(({ text }) => text),
            places: [
                { name: 'the log', text: JSON.stringify(logs.lines) },
                { name: 'the record of the call', text: JSON.stringify(record ?? null) },
                { name: 'what the model is given', text: framesOf(fake) },
                { name: 'what functions are given', text: JSON.stringify(mocks.asked) },
                {
                    name: 'what the server sends to Genesys',
                    text: line.events.map((event) => (event.kind === 'received' ? event.text : '')).join('\n'),
                },
            ],
            languages: {
                heard: session?.effective.audio.input.transcription?.language,
                spoken: voice.said.slice(this.saidBefore).map(({ language }) => language),
            },
            longestSilence: longestSilence(pieces, acts, outcome.durationMs),
            hasFaults: (evalCase.faults ?? []).length > 0,
        };
    }

    private outcome(
        { line, caller, fake }: Parts,
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
            functions: functionsOf(record, argumentsSent(fake)),
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
    readonly fake: FakeOpenAI;
    readonly script: ModelScript;
    readonly mocks: ServiceMocks;
    readonly breaches: CallEvidence['breaches'];
    readonly profile: BotProfile | undefined;
}

function missingOf({ script, mocks, caller }: Parts): CallEvidence['missing'] {
    const model = script.missing === undefined ? [] : [{ of: 'model', why: script.missing }];
    const unused =
        script.unused === 0 ? [] : [{ of: 'model', why: `The model did not come to its last ${script.unused} steps.` }];
    return [
        ...model,
        ...unused,
        ...mocks.missing.map((why) => ({ of: 'mocks', why })),
        ...caller.problems.map((why) => ({ of: 'script', why })),
    ];
}

/** What the model was told the caller had heard of each sentence that was cut off, beside what they did hear. */
function heardPositions(
    fake: FakeOpenAI,
    pieces: readonly HeardPiece[],
    events: Caller['events'],
): CallEvidence['heardPositions'] {
    const flushedAtMs = events.flatMap((event) =>
        event.kind === 'playback' && event.what === 'flushed' ? [event.atMs] : [],
    );
    return fake.sessions.flatMap((session) =>
        session.truncations.map(({ item_id: id, audio_end_ms: toldMs }, index) => {
            const text = session.items.find(({ itemId }) => itemId === id)?.text ?? '';
            // A sentence may be said several times: the item and what was heard of it have the same place among them.
            const sameItems = session.items.filter((each) => each.text === text);
            const same = pieces.filter((each) => each.text === text);
            const piece = same[sameItems.findIndex(({ itemId }) => itemId === id)] ?? same.at(-1);
            return { atMs: flushedAtMs[index] ?? piece?.toMs ?? 0, text, toldMs, heardMs: piece?.heardMs ?? 0 };
        }),
    );
}

/** `given`: the arguments as the model wrote them. The record masks what was entered on the keypad. */
function functionsOf(record: CallDocument | undefined, given: ReadonlyMap<string, string>): FunctionCalled[] {
    return (record?.events ?? []).flatMap((event) => {
        if (event.kind !== 'tool') return [];
        const { atMs, name, callId, argumentsJson = '', outcome, ms } = event;
        return [{ atMs: atMs - ms, name, arguments: readArguments(given.get(callId) ?? argumentsJson), outcome, ms }];
    });
}

/** The arguments of the function calls of the stand-in, by their ids. */
function argumentsSent(fake: FakeOpenAI): Map<string, string> {
    const sent = fake.sessions.flatMap((session) => session.sent);
    return new Map(
        sent.flatMap(({ event }) => {
            const item = event.type === 'response.output_item.done' ? event['item'] : undefined;
            if (!isFields(item) || item['type'] !== 'function_call') return [];
            return [[String(item['call_id']), String(item['arguments'])] as const];
        }),
    );
}

/** What the model wrote, where it is no JSON as it is. */
function readArguments(json: string): unknown {
    try {
        return JSON.parse(json === '' ? '{}' : json);
    } catch {
        return json;
    }
}

/** All that the server told the model, sound left out. */
function framesOf(fake: FakeOpenAI): string {
    return fake.sessions
        .flatMap(({ frames }) => frames)
        .filter(({ type }) => type !== 'input_audio_buffer.append')
        .map((frame) => JSON.stringify(frame))
        .join('\n');
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
