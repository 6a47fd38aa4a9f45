import type { CallEvent } from './call-event';
import { isJsonObject } from './server-message';

type Check = (value: unknown) => boolean;

const aNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const aString: Check = (value) => typeof value === 'string';
const aFlag: Check = (value) => typeof value === 'boolean';
const orNothing =
    (check: Check): Check =>
    (value) =>
        value === undefined || check(value);
const oneOf =
    (...words: string[]): Check =>
    (value) =>
        typeof value === 'string' && words.includes(value);
const fields =
    (shape: Readonly<Record<string, Check>>): Check =>
    (value) =>
        isJsonObject(value) && Object.entries(shape).every(([name, check]) => check(value[name]));

const aManner = fields({ number: aNumber, name: aString, rule: aString, section: aString });
const aViolation = fields({ manner: aManner, severity: oneOf('warn', 'fail'), atMs: aNumber, detail: aString });

/** What the events of each kind must have. */
const SHAPES: Readonly<Record<CallEvent['kind'], Check>> = {
    upgraded: fields({ signed: aFlag }),
    refused: fields({ status: orNothing(aNumber), why: aString }),
    sent: fields({ type: aString, seq: aNumber, parameters: isJsonObject, text: aString }),
    sentRaw: fields({ bytes: aNumber }),
    received: fields({ type: orNothing(aString), parameters: isJsonObject, text: aString }),
    audioSent: fields({ bytes: aNumber }),
    audioReceived: fields({ bytes: aNumber }),
    playback: fields({ what: oneOf('started', 'completed', 'flushed'), heardMs: aNumber, totalMs: aNumber }),
    talk: fields({ talking: aFlag, agoMs: aNumber }),
    violation: fields({ violation: aViolation }),
    fault: fields({ why: aString }),
    gone: fields({ byServer: aFlag, code: aNumber }),
    vad: fields({ speaking: aFlag, agoMs: aNumber }),
    openai: fields({ sent: aFlag, type: aString, detail: aString }),
    transcript: fields({ speaker: oneOf('caller', 'bot'), itemId: aString, text: aString }),
    heard: fields({ itemId: aString, heardMs: aNumber, receivedMs: aNumber }),
    tool: fields({ what: oneOf('called', 'answered'), name: aString, detail: aString }),
    keypad: fields({ secure: aFlag }),
    note: fields({ arrow: oneOf('→', '←', '⇢', '⇄', '·'), label: aString, text: aString }),
};

/** Whether a value from outside is an event of a call: a known kind, a time, and every field that the kind has. */
export function isCallEvent(value: unknown): value is CallEvent {
    if (!isJsonObject(value) || !aNumber(value['atMs'])) return false;
    const kind = value['kind'];
    const check = Object.entries(SHAPES).find(([name]) => name === kind)?.[1];
    return check?.(value) === true;
}
