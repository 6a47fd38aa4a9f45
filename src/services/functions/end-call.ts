import type { Tool } from './tool';

/** Lets the model hang up. The call ends when the caller has heard what is queued (checklist A 33). */
export const END_CALL: Tool = {
    name: 'end_call',
    description:
        'Hang up the telephone. Use it when the caller has said goodbye or wants to end the call, ' +
        'and say a short goodbye in the same answer, before you use it.',
    parameters: { type: 'object', properties: {}, additionalProperties: false },
    run: () => Promise.resolve({ output: { ok: true }, hangUp: true }),
};
