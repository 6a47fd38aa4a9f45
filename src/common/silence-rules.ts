import type { TurnTakingConfig } from '../config/config';
import type { BotWait } from '../services/conversation';

/** What is waited for: what only a bot with fallback options knows (`BotWait`), and what the call can tell from audio, turns and keys. */
export type SilenceState =
    | BotWait
    /** The caller has finished a turn or an entry of the keypad, or was asked again: for the bot's response. */
    | 'response'
    /** The bot gave sound of a response that has not ended: for the rest of it. */
    | 'rest_of_response'
    /** A response is being made, whether the caller hears something or not: for any progress of it. */
    | 'progress'
    /** The bot was asked for its goodbye: for the first sound of it. */
    | 'goodbye'
    /** The caller has heard everything: for their words or keys. */
    | 'caller_turn'
    /** The caller speaks, by the line or by the service: for the end of the turn. */
    | 'turn'
    /** By the line the caller's voice has ended, and the service has not reported the end of a turn: for the response. */
    | 'voice_ended'
    /** The service reported speech that is not to be heard on the line: for the end of the turn. */
    | 'unheard_turn';

export type SilenceAction =
    /** The conversation says that it takes a moment; where it cannot, as `comfort`. */
    | 'filler'
    /** A soft tone. */
    | 'comfort'
    /** The conversation ends the caller's turn, and asks for the response. */
    | 'end_turn'
    /** The conversation cancels the response that has stopped, and asks for it again. */
    | 'retry'
    /** The next fallback option takes over; where there is none, the call ends with `dead_air`. */
    | 'takeover'
    /** The conversation asks whether the caller is still there. */
    | 'ask_again'
    /** The conversation says goodbye, and the call ends with `code`. */
    | 'goodbye'
    /** The call ends with `code`: an output variable `end_reason`, or a code of the catalogue. */
    | 'end_call';

export type SilenceCode = 'no_input' | 'dead_air' | 'ERR_BOT_FIRST_AUDIO_TIMEOUT' | 'ERR_BOT_STALLED';

/** The limits that are settings; 0 switches the rules off that depend on one. */
export type SilenceSettings = Pick<TurnTakingConfig, 'noInputMs' | 'maxReprompts' | 'deadAirMs'>;

/** A limit, or what it is by the settings. */
export type Setting = number | ((settings: SilenceSettings) => number);

/** One rule: in this state, after so long, this is done. */
export interface SilenceRule {
    /** Whose sound ends the silence. */
    waitsFor: 'bot' | 'caller';
    state: SilenceState;
    /**
     * Holds only for a conversation with fallback options. Of these rules one of each action is pending: a state replaces those of
     * the state before that have the same action, and leaves the others.
     */
    needsFallback?: true;
    /** Holds only for a conversation without them. */
    needsNoFallback?: true;
    /** ms; Infinity: never, which ends what the state before had begun. */
    afterMs: Setting;
    /**
     * From when `afterMs` counts: from the end of what the caller hears (`silence`, the default), from the moment at which the state
     * began (`time`), from the moment at which the bot began to start (`start`), or from the end of the caller's voice (`voice`).
     */
    counts?: 'silence' | 'time' | 'start' | 'voice';
    /** Again after so many ms. A filler is repeated only while a takeover is pending. */
    everyMs?: Setting;
    /** Times at most; then what is due is done by the rule that is `following` this action in the same state. */
    atMost?: Setting;
    following?: SilenceAction;
    /** Leaves a rule with this action that is pending as it is. */
    keepsEarlier?: true;
    /** Gives more time to a rule with this action that is pending; begins none. */
    onlyExtends?: true;
    action: SilenceAction;
    code?: SilenceCode;
}

const NEVER = Infinity;
/** The caller waits → takeover: the next bot needs up to 1 s to its first sound, and the caller must hear an answer by 6.5 s. */
const TAKEOVER_MS = 5200;
/** End of one filler → the next. */
export const FILLER_EVERY_MS = 5000;
/** A sign of work by a bot with fallback options, without a sound → takeover. */
export const WORK_MS = 10_000;
/** Last sign of progress of a response → it has stopped. */
export const PROGRESS_MS = 15_000;

/** A report of the end of a turn so long after the voice is in time: the rules count with it. */
export const PROMPT_VAD_MS = 1500;
/** A key's tone ends so long after the key was reported, at the latest. */
export const KEY_TONE_MS = 1000;
/** Voice that ended so long ago belongs to the turn that the service reports now. */
export const RECENT_VOICE_MS = 3000;
/** By then a turn without an end is ended. */
const MAX_TURN_MS = 25_000;

/** A rule of a conversation with fallback options. */
const fallback = { waitsFor: 'bot', needsFallback: true } as const;
const filler = { ...fallback, action: 'filler', everyMs: FILLER_EVERY_MS } as const;
const takeover = { ...fallback, action: 'takeover' } as const;

/** Without fallback options: two soft tones, `deadAirMs` apart, and then the end of the call. */
function comfortThenEnd(state: SilenceState, counts: 'silence' | 'time' | 'voice'): SilenceRule[] {
    const deadAirMs = (settings: SilenceSettings): number => settings.deadAirMs;
    const comfort = {
        afterMs: deadAirMs,
        everyMs: deadAirMs,
        atMost: 2,
        needsNoFallback: true,
        action: 'comfort',
    } as const;
    return [
        { waitsFor: 'bot', state, ...comfort, ...(counts !== 'silence' && { counts }) },
        { waitsFor: 'bot', state, afterMs: 0, following: 'comfort', action: 'end_call', code: 'dead_air' },
    ];
}

/** Every rule about silence. What is due at the same time is done in this order. */
export const SILENCE_RULES: readonly SilenceRule[] = [
    // A bot starts.
    { ...filler, state: 'first_audio', afterMs: 2500 },
    { ...takeover, state: 'first_audio', afterMs: TAKEOVER_MS },
    { ...takeover, state: 'start', afterMs: TAKEOVER_MS },
    { ...takeover, state: 'idle', afterMs: NEVER },
    // A good connection stands after 200 to 700 ms. A service that has just come back is slow: given up sooner, it would not be found.
    { ...filler, state: 'probe', afterMs: 800 },
    { ...takeover, state: 'probe', afterMs: 2500, counts: 'time' },
    { ...filler, state: 'probe_ready', afterMs: 1700 },
    { ...takeover, state: 'probe_ready', afterMs: TAKEOVER_MS, counts: 'start' },
    { ...filler, state: 'takeover', afterMs: 1200 },
    { ...takeover, state: 'takeover', afterMs: TAKEOVER_MS },
    { ...filler, state: 'probe_takeover', afterMs: 1200 },
    { ...takeover, state: 'probe_takeover', afterMs: 2500, counts: 'time' },
    { ...takeover, state: 'probe_takeover_ready', afterMs: TAKEOVER_MS, counts: 'start' },
    { ...filler, state: 'words_repeated', afterMs: 1200 },

    // The bot has lost its connection.
    { ...filler, state: 'reconnect', afterMs: 1200 },
    { ...takeover, state: 'reconnect', afterMs: 4000, counts: 'time' },
    { ...takeover, state: 'recovered', afterMs: TAKEOVER_MS, counts: 'time' },

    // A response of the bot is due.
    { ...filler, state: 'response', afterMs: 2500 },
    { ...takeover, state: 'response', afterMs: TAKEOVER_MS },
    { ...filler, state: 'rest_of_response', afterMs: 2500 },
    { ...takeover, state: 'rest_of_response', afterMs: TAKEOVER_MS },
    { ...filler, state: 'response_requested', afterMs: 2500, keepsEarlier: true },
    { ...takeover, state: 'response_requested', afterMs: TAKEOVER_MS },
    { ...filler, state: 'goodbye', afterMs: 2500 },
    { ...takeover, state: 'goodbye', afterMs: TAKEOVER_MS },
    { ...takeover, state: 'sign_of_work', afterMs: WORK_MS, counts: 'time', onlyExtends: true },
    { waitsFor: 'bot', state: 'progress', afterMs: PROGRESS_MS, counts: 'time', action: 'retry' },

    // The line is the second witness of the caller's turn, where a remote service detects speech. A service that says nothing more is
    // found out by it; one that hears only noise is asked for a response to it.
    { ...filler, state: 'voice_ended', afterMs: 2500, counts: 'voice' },
    { waitsFor: 'bot', state: 'voice_ended', afterMs: 4000, counts: 'voice', action: 'end_turn' },
    { ...takeover, state: 'voice_ended', afterMs: TAKEOVER_MS, counts: 'voice' },
    // The caller may speak too softly to be found on a noisy line: they get more time.
    { ...filler, state: 'unheard_turn', afterMs: 6000, counts: 'time' },
    { waitsFor: 'bot', state: 'unheard_turn', afterMs: 7500, counts: 'time', action: 'end_turn' },
    { ...takeover, state: 'unheard_turn', afterMs: 10_000, counts: 'time' },
    { waitsFor: 'bot', state: 'turn', afterMs: MAX_TURN_MS, everyMs: MAX_TURN_MS, counts: 'time', action: 'end_turn' },

    // The same without fallback options, or where they do not help.
    ...comfortThenEnd('response', 'time'),
    ...comfortThenEnd('response_requested', 'silence'),
    ...comfortThenEnd('voice_ended', 'voice'),
    { waitsFor: 'bot', state: 'rest_of_response', afterMs: 6000, action: 'end_call', code: 'ERR_BOT_STALLED' },
    {
        waitsFor: 'bot',
        state: 'first_audio',
        afterMs: 8000,
        counts: 'time',
        action: 'end_call',
        code: 'ERR_BOT_FIRST_AUDIO_TIMEOUT',
    },

    // The caller is silent.
    {
        waitsFor: 'caller',
        state: 'caller_turn',
        afterMs: ({ noInputMs }) => noInputMs,
        atMost: ({ maxReprompts }) => maxReprompts,
        counts: 'time',
        action: 'ask_again',
    },
    {
        waitsFor: 'caller',
        state: 'caller_turn',
        afterMs: 0,
        following: 'ask_again',
        action: 'goodbye',
        code: 'no_input',
    },
];

/** A wait for the end of a turn that the service has not reported, or for the response to it. */
export function isTurnWait({ state }: SilenceRule): boolean {
    return state === 'turn' || state === 'voice_ended' || state === 'unheard_turn';
}

export function isVoiceWait({ state }: SilenceRule): boolean {
    return state === 'voice_ended' || state === 'unheard_turn';
}

const PLAIN_STATES: ReadonlySet<SilenceState> = new Set([
    'response',
    'response_requested',
    'first_audio',
    'voice_ended',
]);

/** A wait for the bot that began with what the service or the bot has reported. */
export function isForBot(rule: SilenceRule): boolean {
    return rule.waitsFor === 'bot' && !isTurnWait(rule) && rule.state !== 'progress';
}

/** A wait without fallback options that any sound of the bot ends. */
export function isPlainWait({ waitsFor, state, needsFallback, action }: SilenceRule): boolean {
    return waitsFor === 'caller' || (needsFallback !== true && action !== 'end_turn' && PLAIN_STATES.has(state));
}

export function isRestOfResponse({ state, needsFallback }: SilenceRule): boolean {
    return state === 'rest_of_response' && needsFallback !== true;
}
