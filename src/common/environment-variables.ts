/** Where the API keys come from. Reading a file, or making a development key, is SecretService's work. */
export type ApiKeySource =
    | { kind: 'inline'; json: string }
    | { kind: 'file'; path: string }
    /** No key is configured: a pair is made at the first start and kept in a git-ignored file. */
    | { kind: 'development'; path: string };

/** How the caller's end of turn is found (Realtime API, `audio.input.turn_detection`). */
export type TurnDetection =
    | { type: 'server_vad'; threshold: number; prefixPaddingMs: number; silenceDurationMs: number; idleTimeoutMs?: number }
    | { type: 'semantic_vad'; eagerness: 'low' | 'medium' | 'high' | 'auto' };

/** Audio between this server and OpenAI. `pcm16`: 24 kHz, resampled here. `pcmu`: the caller's bytes as they are. */
export type OpenAIAudioFormat = 'pcm16' | 'pcmu';

/** Everything OpenAIRealtimeService needs for a call. Holds a key: never log it. */
export interface OpenAIConfig {
    /** Whole ws(s):// URL, `model` in its query. */
    readonly url: string;
    /** Authentication and routing headers. */
    readonly headers: Readonly<Record<string, string>>;
    readonly model: string;
    readonly voice: string;
    readonly instructions: string;
    /** What the bot is told to say first; empty: it waits for the caller. */
    readonly greeting: string;
    /** The caller cannot interrupt the greeting. */
    readonly greetingProtected: boolean;
    readonly audioFormat: OpenAIAudioFormat;
    readonly turnDetection: TurnDetection;
    readonly transcription: { readonly model: string; readonly language?: string } | undefined;
    readonly noiseReduction: 'near_field' | 'far_field' | undefined;
    readonly speed: number;
    readonly maxOutputTokens: number | 'inf';
    readonly reasoningEffort: 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | undefined;
    readonly truncation: 'auto' | 'disabled' | { readonly retentionRatio: number };
}

/** The whole configuration, read once at start and frozen. */
export interface Config {
    readonly port: number;
    readonly host: string;
    /** This path and everything below it is ours. Begins with `/`, no trailing slash except the bare `/`. */
    readonly audiohookPath: string;
    readonly production: boolean;
    readonly apiKeys: ApiKeySource;
    /** Organization ids that may call; empty: every one that has a key. */
    readonly organizations: readonly string[];
    /** Host names that a signature may be made for; empty: whatever Host says. */
    readonly authorities: readonly string[];
    /** Take the signed authority from X-Forwarded-Host. Only behind a proxy that overwrites this header. */
    readonly trustProxy: boolean;
    readonly maxSessions: number;
    readonly maxCallMinutes: number;
    readonly shutdownGraceSeconds: number;
    /** Most audio, in ms, that may be ahead of the caller's ear. */
    readonly playbackLeadMs: number;
    /** undefined: no key, the embedded bot answers. */
    readonly openai: OpenAIConfig | undefined;
    readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
    /** Write what was said into the log. */
    readonly logTranscripts: boolean;
}
