import type { Clock } from '../../src/support/clock';

/** One rule of good conduct for an AudioConnector server, with its place in the protocol sheet. */
export interface ProtocolCheck {
    number: number;
    name: CheckName;
    rule: string;
    /** Section of the protocol sheet. */
    section: string;
    /** What Genesys' own client answers to a breach: an `error` of this code, and whether it then ends the call. */
    answer: { code: number; endsCall: boolean } | undefined;
}

/** `warn`: a real client copes, or only we find it slow; `fail`: a call is at risk. */
export type Severity = 'warn' | 'fail';

/** One breach. */
export interface Violation {
    check: ProtocolCheck;
    severity: Severity;
    /** Milliseconds since the call was dialled. */
    atMs: number;
    /** The particulars, without any content of the call. */
    detail: string;
}

interface Entry {
    rule: string;
    section: string;
    answer?: { code: number; endsCall: boolean };
}

function rule(section: string, text: string, code?: number, endsCall = true): Entry {
    return code === undefined ? { rule: text, section } : { rule: text, section, answer: { code, endsCall } };
}

const ENTRIES = {
    openedInTime: rule('6.4, 12', 'answers open within 5 s', 408),
    firstMessage: rule('5.2', 'begins with opened or disconnect', 409),
    openedOnce: rule('5.2', 'sends opened at most once', 409),
    readable: rule('4', 'sends text that is a JSON object with a type', 400),
    knownType: rule('5.2', 'sends only message types of the protocol', 500),
    version: rule('4', 'writes version "2"', 400),
    sessionId: rule('4', 'writes the id of the session', 400),
    numbering: rule('4', 'numbers its text messages 1, 2, 3 … without a gap', 500),
    clientseq: rule('4', 'acknowledges in clientseq what was sent, never more and never less than before'),
    parametersPresent: rule('4', 'sends parameters as an object in every message', 400),
    envelopeOnly: rule('4', 'sends no top-level field that the protocol does not know'),
    knownParameters: rule('5.2', 'sends no parameter that the message does not have'),
    textSize: rule('4', 'keeps a text message within 64,000 bytes', 413),
    textRate: rule('8.1', 'sends at most 25 + 5·t text messages in any t seconds', 429, false),
    pongInTime: rule('12', 'answers a ping at once: 1 s is slow, 5 s ends the call', 408),
    pongAsked: rule('5.2', 'sends no pong without a ping', 409, false),
    pongAnswersPing: rule('4', "writes the ping's seq as clientseq of the pong", 400, false),
    media: rule('6.3', 'takes at most one of the offered media, unchanged', 400),
    languages: rule('6.4', 'lists supportedLanguages only when asked'),
    audioWindow: rule('6.1', 'sends audio only after opened, and not after disconnect or close'),
    audioSize: rule('7.2', 'sends raw PCMU without a header, 1 to 64,000 bytes a message', 413),
    audioRate: rule('8.1', 'sends at most 25 + 5·t binary messages in any t seconds', 429, false),
    events: rule('9, 11', 'sends events with at least one entity, each well formed', 500),
    bargeIn: rule('9.2', 'sends barge_in only while something plays'),
    updated: rule('5.2', 'answers each update with updated, and sends none unasked'),
    disconnectForm: rule('6.6', 'disconnects at most once, before close, with a reason of the protocol'),
    outputVariables: rule('6.6', 'gives outputVariables as a flat map of strings'),
    afterDisconnect: rule('6.1', 'sends nothing but pong between disconnect and close'),
    closedInTime: rule('6.6, 12', 'answers close with closed: 1 s is slow, 10 s is lost', 408),
    closedLast: rule('5.2', 'sends closed once, when asked, as its last message', 409),
    socketLeftOpen: rule('6.6', 'leaves it to the client to close the socket'),
} satisfies Record<string, Entry>;

export type CheckName = keyof typeof ENTRIES;

/** Every check by name, numbered in the order of the catalogue. */
export const PROTOCOL_CHECKS: Readonly<Record<CheckName, ProtocolCheck>> = catalogue();

function catalogue(): Record<CheckName, ProtocolCheck> {
    const names = Object.keys(ENTRIES) as CheckName[];
    const check = (name: CheckName): ProtocolCheck => {
        const entry: Entry = ENTRIES[name];
        const { section, answer } = entry;
        return { number: names.indexOf(name) + 1, name, rule: entry.rule, section, answer };
    };
    return Object.fromEntries(names.map((name) => [name, check(name)])) as Record<CheckName, ProtocolCheck>;
}

/** What a call was checked for, and what was found. */
export interface ProtocolReport {
    /** ProtocolChecks that had an occasion to be kept or broken, by number. */
    checked: ProtocolCheck[];
    /** Breaches that put a call at risk. */
    broken: Violation[];
    /** Breaches that a client copes with. */
    warned: Violation[];
}

/** Keeps the score: which checks were looked at, and every breach. */
export class CheckResults {
    private readonly looked = new Set<CheckName>();
    private readonly violations: Violation[] = [];

    /** `startedAtMs` is the zero of `atMs` in violations, on the clock's monotonic scale. */
    constructor(
        private readonly clock: Clock,
        private readonly startedAtMs: number,
        private readonly onViolation: (violation: Violation) => void,
    ) {}

    /** Notes that `name` was looked at; a breach unless it `holds`. Returns `holds`. */
    check(name: CheckName, holds: boolean, detail: string, severity: Severity = 'fail'): boolean {
        this.looked.add(name);
        if (holds) return true;
        const violation = {
            check: PROTOCOL_CHECKS[name],
            severity,
            atMs: this.clock.nowMs() - this.startedAtMs,
            detail,
        };
        this.violations.push(violation);
        this.onViolation(violation);
        return false;
    }

    report(): ProtocolReport {
        const checked = [...this.looked].map((name) => PROTOCOL_CHECKS[name]).sort((a, b) => a.number - b.number);
        return {
            checked,
            broken: this.violations.filter(({ severity }) => severity === 'fail'),
            warned: this.violations.filter(({ severity }) => severity === 'warn'),
        };
    }
}
