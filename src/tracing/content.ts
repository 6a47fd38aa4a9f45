/**
 * Attributes that hold what was said or what functions were given and gave. They are set only with TRACE_CONTENT=on, and taken out
 * before any exporter without it. The first four names are those of OpenTelemetry's conventions for generative AI; the others are names that other
 * instrumentation uses for the same.
 */
export const INPUT_MESSAGES = 'gen_ai.input.messages';
export const OUTPUT_MESSAGES = 'gen_ai.output.messages';
export const TOOL_ARGUMENTS = 'gen_ai.tool.call.arguments';
export const TOOL_RESULT = 'gen_ai.tool.call.result';

const CONTENT_ATTRIBUTES: ReadonlySet<string> = new Set([
    INPUT_MESSAGES,
    OUTPUT_MESSAGES,
    TOOL_ARGUMENTS,
    TOOL_RESULT,
    'gen_ai.system_instructions',
    'gen_ai.prompt',
    'gen_ai.completion',
    'input.value',
    'output.value',
]);

/** Whether an attribute of this name holds content. */
export function isContent(name: string): boolean {
    return CONTENT_ATTRIBUTES.has(name);
}

/** Most characters of one text in an attribute. */
const MAX_CHARACTERS = 4000;

/** A text of an attribute, shortened. */
export function bounded(text: string): string {
    return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}…`;
}

/** One message, as the conventions for generative AI write it: JSON. */
export function messageJson(role: 'user' | 'assistant', text: string): string {
    return JSON.stringify([{ role, parts: [{ type: 'text', content: bounded(text) }] }]);
}
