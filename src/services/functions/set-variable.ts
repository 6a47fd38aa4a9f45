import { isFields, textIn } from '../../support/json';
import type { Tool } from './tool';

/** The profile bounds each variable more closely. */
const MAX_CHARS = 8000;

/**
 * Lets the model set output variables for Architect.
 *
 * @param names those that it may set; each is declared by the profile, which bounds their values
 */
export function setVariableTool(names: readonly string[]): Tool {
    return {
        name: 'set_variable',
        description:
            'Write down a result of the call for the system that goes on with it. ' +
            'Use it as soon as the value is certain; do not tell the caller of it.',
        parameters: {
            type: 'object',
            properties: {
                name: { type: 'string', enum: [...names], description: 'Which result.' },
                value: { type: 'string', maxLength: MAX_CHARS, description: 'Its value.' },
            },
            required: ['name', 'value'],
            additionalProperties: false,
        },
        run: (args, call) => {
            const fields = isFields(args) ? args : {};
            const problem = call.setVariable(textIn(fields, 'name') ?? '', textIn(fields, 'value') ?? '');
            if (problem === undefined) return Promise.resolve({ output: { ok: true } });
            return Promise.resolve({ output: { error: problem }, failure: 'refused' });
        },
    };
}
