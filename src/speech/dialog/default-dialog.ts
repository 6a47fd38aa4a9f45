import { readDialog, type DialogScript, type WordsByHearing } from '../../services/profiles/dialog-script';
import { wordsFor, type Sentences, type Words } from '../../services/words';

/** What is known of a bot that could not go on, and whose call is taken over. */
export interface TakeoverReason {
    /** Why: a code of the catalogue, such as `ERR_OPENAI_QUOTA`. Architect is told of it. */
    why: string;
    /** The caller has been greeted. */
    greeted: boolean;
}

const ENGLISH = wordsFor(undefined);

/** The dialog that comes with the server: opening hours, an echo test, a transfer to an agent, goodbye. */
export function defaultDialog({ defaultDialog: texts, sentences }: Words = ENGLISH): DialogScript {
    const { hours, echo, agent, end } = texts;
    return readDialog({
        name: 'default',
        greeting: byHearing(texts.greeting, sentences),
        start: 'main',
        menus: {
            main: {
                choices: [
                    { ...offered(hours), key: '1', action: { do: 'say', text: hours.text } },
                    { ...offered(echo), key: '2', action: { do: 'echo', text: echo.text, before: echo.before } },
                    { ...offered(agent), key: '0', action: { do: 'transfer', text: agent.text } },
                    { ...offered(end), key: '9', action: { do: 'goodbye', text: end.text } },
                ],
            },
        },
        noMatch: { none: texts.noMatchKeys, closed: texts.noMatch, open: texts.noMatch },
        noInput: sentences.stillThere,
        goodbye: end.text,
        onFailure: { do: 'transfer', text: agent.text },
    });
}

type Offered = Pick<Words['defaultDialog']['hours'], 'label' | 'offer' | 'phrases'>;

function offered({ label, offer, phrases }: Offered): Offered {
    return { label, phrases, ...(offer !== undefined && { offer }) };
}

/**
 * A dialog for a call that another bot could not go on with: it explains itself instead of greeting, as far as the caller
 * noticed anything, and Architect learns the reason as the output variable `fallback_reason`.
 */
export function takeoverDialog(
    { why, greeted }: TakeoverReason,
    dialog = defaultDialog(),
    { sentences }: Words = ENGLISH,
): DialogScript {
    const sorry = LOST.test(why) ? sentences.lostConnection : sentences.cannotHelp;
    return {
        ...dialog,
        greeting: greeted ? byHearing(`${sorry} ${sentences.fewThings}`, sentences) : dialog.greeting,
        outputVariables: { ...dialog.outputVariables, fallback_reason: why },
    };
}

function byHearing(lead: string, { keysOnly, fewWords, anyWords }: Sentences): WordsByHearing {
    return { none: `${lead} ${keysOnly}`, closed: `${lead} ${fewWords}`, open: `${lead} ${anyWords}` };
}

/** Reasons that are the line’s; the others are the account’s or the service’s, and sound like a promise when called a lost line. */
const LOST = /LOST|NOT_RECOVERED|CONNECT|TIMEOUT|NO_SESSION|UNAVAILABLE/;
