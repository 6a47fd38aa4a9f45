import type { Config } from '../../src/config/config';
import { loadConfig } from '../../src/config/config';
import { classify, fatalError } from '../../src/services/realtime/errors';
import { isFields, textIn, type Fields } from '../../src/support/json';
import { redact } from '../../src/support/redact';
import type { FaultOfCase } from './case-schema';
import type { ModelSide, Truncation } from './model-side';
import { RealtimeRelay } from './realtime-relay';
import type { Failure } from './result';
import type { ScriptedCaller } from './scripted-caller';
import type { Sound } from './voice';

/** Settings of the environment that say which model is asked, and how. Others are those of the case. */
const OF_MODEL = /^(AZURE_)?OPENAI_/;
const AZURE_PATH = '/openai/v1/realtime';

type Environment = Readonly<Record<string, string | undefined>>;

/** The settings of the environment that a live call takes over, and those of the case on top. */
export function liveSettings(env: Environment, ofCase: Readonly<Record<string, string>>): Record<string, string> {
    const taken = Object.entries(env).filter(
        (entry): entry is [string, string] => OF_MODEL.test(entry[0]) && (entry[1] ?? '').trim() !== '',
    );
    return { ...Object.fromEntries(taken), ...ofCase };
}

/** One spoken item of the model, as it came. */
interface SpokenItem {
    text: string;
    readonly chunks: Buffer[];
}

/** The real model: the server reaches it through a relay that reads what passes. */
export class LiveModel implements ModelSide {
    readonly wrongFrames: string[] = [];
    readonly missing: Failure[] = [];
    readonly argumentsById = new Map<string, string>();
    language: string | undefined;
    settings: Record<string, string> = {};
    private readonly items = new Map<string, SpokenItem>();
    private readonly responses = new Set<string>();
    private readonly cuts: { readonly itemId: string; readonly toldMs: number }[] = [];
    private readonly frames: string[] = [];
    private relay: RealtimeRelay | undefined;
    private caller: Pick<ScriptedCaller, 'hangUp'> | undefined;
    private isHopeless = false;

    private constructor() {}

    /** `settings`: as `liveSettings` gives them. Rejects with a coded error for wrong ones, and with a sentence where there is no key. */
    static async start(settings: Readonly<Record<string, string>>): Promise<LiveModel> {
        const { openai, localSpeech } = loadConfig(settings);
        if (openai === undefined)
            throw new Error(
                'with --live the real model answers: OPENAI_API_KEY must be set in the environment or in .env',
            );
        const model = new LiveModel();
        const url = new URL(openai.url);
        model.relay = await RealtimeRelay.start(url.origin, {
            frame: (from, text) => {
                model.read(from, text);
            },
            refused: (why) => {
                model.refused(why);
            },
        });
        model.settings = addressOf(settings, url, model.relay.port, localSpeech.rest);
        return model;
    }

    get isBusy(): boolean {
        return this.responses.size > 0;
    }

    get said(): Sound[] {
        return [...this.items.values()]
            .filter(({ chunks }) => chunks.length > 0)
            .map(({ text, chunks }) => ({ text, pcmu: Buffer.concat(chunks) }));
    }

    get truncations(): Truncation[] {
        return this.cuts.map(({ itemId, toldMs }, index) => {
            const text = this.items.get(itemId)?.text ?? '';
            const same = [...this.items].filter(([, item]) => item.text === text);
            return { text, toldMs, index, nth: same.findIndex(([id]) => id === itemId) };
        });
    }

    get given(): string {
        return this.frames.join('\n');
    }

    /** A model that refuses the key refuses it again: the caller need not wait for it. */
    begin(_faults: readonly FaultOfCase[], caller: Pick<ScriptedCaller, 'hangUp'>): void {
        this.caller = caller;
        if (this.isHopeless) caller.hangUp();
    }

    async close(): Promise<void> {
        await this.relay?.close();
    }

    private read(from: 'server' | 'model', text: string): void {
        const event = fieldsIn(text);
        if (event === undefined) return;
        if (from === 'model') this.heard(event);
        else this.told(event, text);
    }

    private told(event: Fields, text: string): void {
        const { type } = event;
        if (type === 'input_audio_buffer.append') return;
        this.frames.push(text);
        if (type === 'session.update') this.language = languageIn(event) ?? this.language;
        if (type !== 'conversation.item.truncate') return;
        const { audio_end_ms: toldMs } = event;
        if (typeof toldMs === 'number') this.cuts.push({ itemId: textIn(event, 'item_id') ?? '', toldMs });
    }

    private heard(event: Fields): void {
        const id = textIn(event, 'item_id') ?? '';
        const response = isFields(event['response']) ? event['response'] : {};
        switch (event['type']) {
            case 'response.created':
                this.responses.add(textIn(response, 'id') ?? '');
                break;
            case 'response.done':
                this.responses.delete(textIn(response, 'id') ?? '');
                this.failed(response);
                break;
            case 'response.output_audio.delta':
                this.item(id).chunks.push(Buffer.from(textIn(event, 'delta') ?? '', 'base64'));
                break;
            case 'response.output_audio_transcript.delta':
                this.item(id).text += textIn(event, 'delta') ?? '';
                break;
            case 'response.output_audio_transcript.done':
                this.item(id).text = textIn(event, 'transcript') ?? this.item(id).text;
                break;
            case 'response.output_item.done':
                this.itemDone(event['item']);
                break;
            case 'error':
                this.complained(event['error']);
                break;
        }
    }

    private item(id: string): SpokenItem {
        const known = this.items.get(id);
        if (known !== undefined) return known;
        const made = { text: '', chunks: [] };
        this.items.set(id, made);
        return made;
    }

    private itemDone(item: unknown): void {
        if (!isFields(item) || item['type'] !== 'function_call') return;
        this.argumentsById.set(textIn(item, 'call_id') ?? '', textIn(item, 'arguments') ?? '');
    }

    private failed(response: Fields): void {
        const details = response['status_details'];
        if (response['status'] === 'failed' && isFields(details)) this.complained(details['error']);
    }

    private complained(error: unknown): void {
        if (!isFields(error)) return;
        const api = {
            type: textIn(error, 'type') ?? '',
            code: textIn(error, 'code'),
            message: textIn(error, 'message') ?? '',
            param: textIn(error, 'param'),
            eventId: textIn(error, 'event_id'),
        };
        const kind = classify(api);
        const words = redact(api.message);
        if (kind === 'bug') this.wrongFrames.push(`${api.code ?? api.type}: ${words}`);
        if (kind !== 'fatal') return;
        this.kept(`${fatalError(api).message} OpenAI's words: ${words}`);
        this.giveUp();
    }

    private refused(why: { status: number; body: string } | Error): void {
        // A server that is lost may try a hundred times.
        if (why instanceof Error) {
            this.kept(`OpenAI cannot be reached: ${redact(why.message)}.`);
            return;
        }
        const body = fieldsIn(why.body);
        const words = isFields(body?.['error']) ? (textIn(body['error'], 'message') ?? '') : '';
        const what = why.status === 401 ? ': OPENAI_API_KEY is wrong' : '';
        this.kept(`OpenAI refused the connection with HTTP status ${why.status}${what}. ${redact(words)}`.trim());
        if (why.status === 401 || why.status === 403) this.giveUp();
    }

    private giveUp(): void {
        if (this.isHopeless) return;
        this.isHopeless = true;
        this.caller?.hangUp();
    }

    /** Each sentence once. */
    private kept(why: string): void {
        if (!this.missing.some((each) => each.why === why)) this.missing.push({ of: 'case', why });
    }
}

/** The server reaches the relay where it would reach the model; over HTTP it asks the service itself. */
function addressOf(
    settings: Readonly<Record<string, string>>,
    { pathname }: URL,
    port: number,
    rest: Config['localSpeech']['rest'],
): Record<string, string> {
    // What the caller heard is found by its samples: they must pass the server unchanged.
    const format = { OPENAI_AUDIO_FORMAT: 'pcmu' };
    if (settings['AZURE_OPENAI_ENDPOINT'] !== undefined) {
        const base = pathname.slice(0, -AZURE_PATH.length);
        return { ...format, AZURE_OPENAI_ENDPOINT: `http://127.0.0.1:${port}${base}` };
    }
    const given = settings['OPENAI_REALTIME_URL'];
    const search = given === undefined ? '' : new URL(given).search;
    return {
        ...format,
        OPENAI_REALTIME_URL: `ws://127.0.0.1:${port}${pathname}${search}`,
        ...(rest !== undefined && { OPENAI_BASE_URL: rest.baseURL }),
    };
}

function fieldsIn(text: string): Fields | undefined {
    try {
        const value: unknown = JSON.parse(text);
        return isFields(value) ? value : undefined;
    } catch {
        return undefined;
    }
}

function languageIn(event: Fields): string | undefined {
    let place: unknown = event;
    for (const name of ['session', 'audio', 'input', 'transcription'])
        place = isFields(place) ? place[name] : undefined;
    return isFields(place) ? textIn(place, 'language') : undefined;
}
