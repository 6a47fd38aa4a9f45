/** When models and voices of OpenAI end: a dated table in assets/, and what the list of models says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Config, ConfigWarning } from '../config/config';
import { isFields } from '../support/json';
import type { BotProfile } from './profiles/schema';

/** A model or a voice, and the setting that names it. */
export interface InUse {
    readonly kind: 'model' | 'voice';
    readonly name: string;
    /** A variable of the environment, or a place in a profile. */
    readonly setting: string;
}

/** The last day by name: `2027-01-20`. */
export type Ends = Readonly<Record<InUse['kind'], ReadonlyMap<string, string>>>;

const days = z.record(z.string(), z.iso.date());
const table = z.strictObject({ asOf: z.iso.date(), source: z.string(), models: days, voices: days });

/** Beside `src`, and beside `dist`. */
const ENDS_FILE = join(__dirname, '..', '..', 'assets', 'model-ends.json');
const TABLE = table.parse(JSON.parse(readFileSync(ENDS_FILE, 'utf8')));

/** What is published in assets/model-ends.json. */
export const KNOWN_ENDS: Ends = {
    model: new Map(Object.entries(TABLE.models)),
    voice: new Map(Object.entries(TABLE.voices)),
};

/** Days before its end from which a model or a voice is warned of. */
const WARNED_DAYS = 90;
const DAY_MS = 86_400_000;
const DATED_VERSION = /-\d{4}-\d{2}-\d{2}$/;

/** A warning (`ERR_MODEL_ENDS`) for each model and voice that ends within 90 days, or has ended. */
export function endWarnings(inUse: readonly InUse[], ends: Ends, epochMs: number): ConfigWarning[] {
    return inUse.flatMap(({ kind, name, setting }) => {
        const day = endOf(name, ends[kind]);
        const leftDays = day === undefined ? Infinity : Math.ceil((Date.parse(day) - epochMs) / DAY_MS);
        if (day === undefined || leftDays > WARNED_DAYS) return [];
        const when =
            leftDays < 0 ? `ended on ${day}` : `ends on ${day}, in ${leftDays} ${leftDays === 1 ? 'day' : 'days'}`;
        return [{ code: 'ERR_MODEL_ENDS' as const, message: `${setting}: the ${kind} ${name} ${when}` }];
    });
}

/** Of a dated version that is not named itself: the end of its model. */
function endOf(name: string, ends: ReadonlyMap<string, string>): string | undefined {
    return ends.get(name) ?? ends.get(name.replace(DATED_VERSION, ''));
}

/** What the settings of the server name. Azure has models under names, and with ends, of its own. */
export function inUseBySettings({ openai, localSpeech }: Pick<Config, 'openai' | 'localSpeech'>): InUse[] {
    const { rest, asr, tts } = localSpeech;
    return [
        ...(openai === undefined || 'api-key' in openai.headers
            ? []
            : [
                  ...model(openai.model, 'OPENAI_REALTIME_MODEL'),
                  ...model(openai.transcription?.model, 'OPENAI_TRANSCRIPTION_MODEL'),
                  { kind: 'voice' as const, name: openai.voice, setting: 'OPENAI_VOICE' },
              ]),
        ...model(rest?.chatModel, 'OPENAI_CHAT_MODEL'),
        ...(rest?.chatModel === undefined && tts !== 'openai' ? [] : model(rest?.speechModel, 'OPENAI_SPEECH_MODEL')),
        ...(rest?.chatModel === undefined && asr !== 'openai'
            ? []
            : model(rest?.transcriptionModel, 'OPENAI_HTTP_TRANSCRIPTION_MODEL')),
    ];
}

/** What a profile itself names. */
export function inUseByProfile({ upstream, realtime = {} }: Pick<BotProfile, 'upstream' | 'realtime'>): InUse[] {
    if (upstream?.azure !== undefined) return [];
    const { transcription, voice } = realtime;
    return [
        ...model(realtime.model, 'realtime.model'),
        ...model(typeof transcription === 'object' ? transcription.model : undefined, 'realtime.transcription.model'),
        ...(voice === undefined ? [] : [{ kind: 'voice' as const, name: voice, setting: 'realtime.voice' }]),
    ];
}

function model(name: string | undefined, setting: string): InUse[] {
    return name === undefined ? [] : [{ kind: 'model', name, setting }];
}

/**
 * The ends that a list of models says (`GET /v1/models`, field `shutdown_date`: seconds since 1970, or a date), where `KNOWN_ENDS` does
 * not say the same.
 */
export function endsIn(models: readonly unknown[]): Ends {
    const found = models.flatMap((each): [string, string][] => {
        if (!isFields(each) || typeof each['id'] !== 'string') return [];
        const day = dayOf(each['shutdown_date']);
        return day === undefined || day === endOf(each['id'], KNOWN_ENDS.model) ? [] : [[each['id'], day]];
    });
    return { model: new Map(found), voice: new Map() };
}

function dayOf(date: unknown): string | undefined {
    if (typeof date !== 'number' && typeof date !== 'string') return undefined;
    const parsed = new Date(typeof date === 'number' ? date * 1000 : date);
    return Number.isNaN(parsed.getTime()) ? undefined : parsed.toISOString().slice(0, 10);
}
