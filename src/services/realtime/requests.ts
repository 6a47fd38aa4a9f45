import type { OpenAIConfig } from '../../config/config';
import type { Purpose, ResponseRequest } from './response-sequencer';

const FAREWELL = 'Say goodbye to the caller in one short sentence. The call ends after it.';
const HANDOVER =
    'Tell the caller in one short sentence that you are putting them through to a colleague now. It is your last sentence.';
const RESUME =
    'The connection was interrupted for a moment. Carry on from where the talk stopped, without a greeting. ' +
    'If the caller’s last words are missing, ask for them again.';

const REPROMPT = 'The caller has been silent. Ask in one short sentence whether they are still there.';

const DECLINE =
    'Say in one short sentence that you cannot help with this, and ask what else you can do. Do not mention any filter.';

/**
 * The request for an answer. Instructions of a request replace the session's for this answer, therefore they are added to a copy;
 * a plain turn names none (sheet, section 15).
 *
 * @param handsOver the caller goes on to a person: a farewell says so
 */
export function requestFor(purpose: Purpose, config: OpenAIConfig, handsOver = false): ResponseRequest {
    const farewell = handsOver ? HANDOVER : FAREWELL;
    switch (purpose) {
        case 'turn':
            return { purpose, params: {} };
        case 'greeting':
            return { purpose, params: { instructions: `${config.instructions}\n\n${config.greeting}` } };
        case 'resume':
            return { purpose, params: { instructions: `${config.instructions}\n\n${RESUME}` } };
        case 'decline':
            return { purpose, params: { instructions: `${config.instructions}\n\n${DECLINE}` } };
        case 'reprompt':
            return { purpose, params: { instructions: `${config.instructions}\n\n${REPROMPT}`, tool_choice: 'none' } };
        case 'farewell':
            return { purpose, params: { instructions: `${config.instructions}\n\n${farewell}`, tool_choice: 'none' } };
    }
}

/** What to ask a new session for, when the old one is lost while the caller waits for `purpose`. No second greeting; and nobody waits for being asked again. */
export function owedAfterLoss(purpose: Purpose | undefined, hasSpoken: boolean): Purpose | undefined {
    if (purpose === undefined || purpose === 'farewell') return purpose;
    if (purpose === 'reprompt') return undefined;
    return purpose === 'greeting' && !hasSpoken ? 'greeting' : 'resume';
}
