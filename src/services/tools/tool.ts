/** What a tool gave. */
export interface ToolResult {
    /** Told to the model: anything that JSON can hold. */
    output: unknown;
    /** The call is to end once the caller has heard the goodbye. */
    hangUp?: boolean;
}

/** Something that the model can do during a call, beside talking. */
export interface Tool {
    /** 1 … 64 letters, digits, `_` or `-`. */
    readonly name: string;
    /** When to use it, in words for the model. */
    readonly description: string;
    /** JSON Schema of the arguments: an object schema. */
    readonly parameters: Readonly<Record<string, unknown>>;
    /** Milliseconds after which it has failed. Default 8000: the caller hears nothing meanwhile. */
    readonly limitMs?: number;
    /**
     * Runs it. `args` is what the model wrote: parsed JSON, not checked against the schema. `signal` is aborted when the time
     * limit has passed or the call has ended; whatever comes later is dropped. May throw: the model is told that it failed.
     */
    run(args: unknown, signal: AbortSignal): Promise<ToolResult>;
}
