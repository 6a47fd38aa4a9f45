import type { SpeechToText } from '../services/asr-service';
import type { CallSeams } from '../services/bot-factory';
import type { DigitRequest, DigitResult } from '../services/dtmf-service';
import type { FallbackPrompts } from '../services/fallback/filler';
import { builtInTool } from '../services/functions/built-in-tools';
import type { CallContext, Tool, ToolResult } from '../services/functions/tool';
import { RefusedFields, type KnownRefusals } from '../services/realtime/optional-fields';
import type { TextToSpeech } from '../services/tts-service';
import type { Chat } from '../speech/chat/chat-service';
import type { Breaker, Breakers, Permit } from '../support/circuit-breaker';
import { isFields } from '../support/json';
import { BYTES, byteParts, MAYBE_BYTES, MAYBE_FAULT, plain, type Codec } from './format';
import type { CallActions, FlightPort } from './port';

type AtMaking = Pick<CallSeams, 'planned' | 'loaded'>;

/** The seams of a call whose way to the outside is `port`. The same for a recording and for a replay, so that both ask and read in the same order. */
export function callSeams(port: FlightPort, atMaking: AtMaking): CallSeams {
    const { clock, random, createSocket } = port;
    return {
        clock,
        random,
        createSocket,
        planned: (plan) => {
            atMaking.planned(plan);
        },
        loaded: (load) => atMaking.loaded(load),
        speech: (speech) => speechThrough(port, speech),
        recognizer: (engine) => recognizerThrough(port, engine),
        chat: (chat) => chatThrough(port, chat),
        prompts: (prompts) => promptsThrough(port, prompts),
        // What the server's own functions do happens inside of the call.
        toolbox: (box) => box.mapped((tool) => (builtInTool(tool.name) === undefined ? toolThrough(port, tool) : tool)),
        breakers: (breakers) => breakersThrough(port, breakers),
        refusals: (known) => refusalsThrough(port, known),
    };
}

function speechThrough(port: FlightPort, speech: TextToSpeech): TextToSpeech {
    return {
        kind: port.read('voice', () => speech.kind),
        speak: (text, options = {}) => {
            const { voice, language, signal } = options;
            const question = { of: 'voice', asked: { text, voice, language }, signal };
            return port.askForPieces(question, () => speech.speak(text, options), BYTES);
        },
        wordsOf: (text) => {
            const words = (): string | undefined => speech.wordsOf?.(text);
            return port.read(`words of ${text}`, words) ?? text;
        },
        close: () => Promise.resolve(),
    };
}

function recognizerThrough(port: FlightPort, engine: SpeechToText): SpeechToText {
    return {
        kind: port.read('recognizer', () => engine.kind),
        recognize: (pcmu, options = {}) => {
            const { phrases, language, signal } = options;
            const asked = { pcmu: byteParts(pcmu), phrases, language };
            return port.ask({ of: 'recognizer', asked, signal }, () => engine.recognize(pcmu, options));
        },
        close: () => Promise.resolve(),
    };
}

function chatThrough(port: FlightPort, chat: Chat): Chat {
    const model = port.read('chat model', () => chat.model);
    return {
        ...(model !== undefined && { model }),
        complete: (messages, signal) => {
            const question = { of: 'chat', asked: messages, signal };
            return port.askForPieces(question, () => chat.complete(messages, signal), plain<string>());
        },
        check: (signal) => port.ask({ of: 'chat check', asked: null, signal }, () => chat.check(signal)),
    };
}

function promptsThrough(port: FlightPort, make: () => FallbackPrompts): FallbackPrompts {
    let prompts: FallbackPrompts | undefined;
    // Made now, as without a recorder: some are spoken anew, which takes a while.
    port.read('prompts', () => {
        prompts = make();
        return true;
    });
    return { recording: (name) => port.read(`prompt ${name}`, () => prompts?.recording(name), MAYBE_BYTES) };
}

function toolThrough(port: FlightPort, tool: Tool): Tool {
    return {
        ...tool,
        run: (args, call, signal) => {
            const digits = digitActions(port, call);
            const actions: CallActions = {
                setVariable: (name, value) => call.setVariable(String(name), String(value)),
                collectDigits: digits.action,
                cancelDigits: digits.cancel,
            };
            const question = { of: `function ${tool.name}`, asked: args, signal };
            return port.ask(
                question,
                (acting) => {
                    const act: Act = (action, ...args) => acting.act(action, ...args);
                    const setVariable = (name: string, value: string): string | undefined =>
                        act('setVariable', name, value) as string | undefined;
                    return tool.run(args, { ...call, setVariable, collectDigits: digits.request(act) }, signal);
                },
                TOOL_RESULT,
                actions,
            );
        },
    };
}

/** What the call takes of the result of a function. Its output may be no JSON, which is then its failure, in a replay too. */
const TOOL_RESULT: Codec<ToolResult> = {
    write: (given: ToolResult | null | undefined) => {
        const { output, hangUp, end, failure } = (given ?? {}) as Partial<ToolResult>;
        try {
            return given === undefined || given === null
                ? null
                : (JSON.parse(JSON.stringify({ output, hangUp, end, failure })) as unknown);
        } catch {
            return { isNoJson: true };
        }
    },
    read: (stored) =>
        isFields(stored) && stored['isNoJson'] === true ? { output: 0n } : ((stored ?? undefined) as ToolResult),
};

type Act = (action: string, ...args: unknown[]) => unknown;

interface DigitActions {
    readonly action: (wanted: unknown) => boolean;
    readonly cancel: (at: unknown) => void;
    /** What the function is given to ask for digits. */
    readonly request: (act: Act) => (request: DigitRequest) => boolean;
}

/** Digits that a function in code asks for. Its `done` is outside of the call, and cannot stand in a file. */
function digitActions(port: FlightPort, call: CallContext): DigitActions {
    const waiting: DigitRequest['done'][] = [];
    const cancels: AbortController[] = [];
    return {
        action: (wanted) => {
            const cancelled = new AbortController();
            const at = cancels.push(cancelled) - 1;
            const request = wanted as Omit<DigitRequest, 'done' | 'signal'>;
            const done = (result: DigitResult): void => {
                if (request.secure) port.keepSecret(result.digits);
                const digits = request.secure ? '0'.repeat(result.digits.length) : result.digits;
                port.tell('digits', { ...result, digits });
                waiting[at]?.(result);
            };
            return call.collectDigits({ ...request, signal: cancelled.signal, done });
        },
        cancel: (at) => {
            cancels[Number(at)]?.abort();
        },
        request: (act) => (request) => {
            const { signal, done, ...wanted } = request;
            const at = waiting.push(done) - 1;
            signal?.addEventListener('abort', () => act('cancelDigits', at));
            return act('collectDigits', wanted) === true;
        },
    };
}

const ENTERED: Readonly<Record<string, Permit>> = Object.fromEntries(
    ['usual', 'probe'].map((kind) => [
        kind,
        {
            isProbe: kind === 'probe',
            succeeded: () => undefined,
            failed: () => undefined,
            release: () => undefined,
        },
    ]),
);

function breakersThrough(port: FlightPort, breakers: Breakers): Breakers {
    const through = (upstream: string): Breaker => ({
        get state() {
            return port.read(`state of ${upstream}`, () => breakers.of(upstream).state);
        },
        get lastFault() {
            return port.read(`fault of ${upstream}`, () => breakers.of(upstream).lastFault, MAYBE_FAULT);
        },
        enter: () => {
            let permit: Permit | undefined;
            const kind = port.read(`permit of ${upstream}`, () => {
                permit = breakers.of(upstream).enter();
                return permit === undefined ? 'none' : permit.isProbe ? 'probe' : 'usual';
            });
            // In a replay there is no service that would be tried, or that others could use.
            return permit ?? ENTERED[kind];
        },
    });
    return { of: through };
}

function refusalsThrough(port: FlightPort, refused: RefusedFields): KnownRefusals {
    return {
        add: (url, field, error) => refused.add(url, field, error),
        without: (url, session) => {
            const known = port.read('refusals', () => refused.known);
            return known.length === 0 ? session : new RefusedFields(known).without(url, session);
        },
    };
}
