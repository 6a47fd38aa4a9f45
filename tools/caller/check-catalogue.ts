/** One rule that an AudioConnector server must keep. */
export interface ProtocolCheck {
    number: number;
    name: CheckName;
    rule: string;
    /** Sections of docs/PROTOCOL.md that explain the rule. */
    section: string;
    /** The `error` code that Genesys' client sends after a breach, and whether it then ends the call; undefined: it sends none. */
    clientError: { code: number; endsCall: boolean } | undefined;
}

/** `warn`: a real client copes with it; `fail`: a call is at risk. */
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
    clientError?: { code: number; endsCall: boolean };
}

function rule(section: string, text: string, code?: number, endsCall = true): Entry {
    return code === undefined ? { rule: text, section } : { rule: text, section, clientError: { code, endsCall } };
}

const ENTRIES = {
    openedInTime: rule('3.5, 9.2', 'answers open within 5 s', 408),
    firstMessage: rule('3.5', 'begins with opened or disconnect', 409),
    openedOnce: rule('3.5', 'sends opened at most once', 409),
    readable: rule('2.3', 'sends text that is a JSON object with a type', 400),
    knownType: rule('2.3', 'sends only message types of the protocol', 500),
    version: rule('2.1', 'writes version "2"', 400),
    sessionId: rule('2.1', 'writes the id of the session', 400),
    numbering: rule('2.2', 'numbers its text messages 1, 2, 3 … without a gap', 500),
    clientseq: rule('2.2', 'acknowledges in clientseq what was sent, never more and never less than before'),
    parametersPresent: rule('2.1', 'sends parameters as an object in every message', 400),
    envelopeOnly: rule('2.1', 'sends no top-level field that the protocol does not know'),
    knownParameters: rule('2.3', 'sends no parameter that the message does not have'),
    textSize: rule('2.4', 'keeps a text message within 64,000 bytes', 413),
    textRate: rule('5.5', 'sends at most 25 + 5·t text messages in any t seconds', 429, false),
    pongInTime: rule('9.1', 'answers a ping at once: 1 s is slow, 5 s ends the call', 408),
    pongAsked: rule('9.1', 'sends no pong without a ping', 409, false),
    pongAnswersPing: rule('9.1', "writes the ping's seq as clientseq of the pong", 400, false),
    media: rule('3.2', 'takes at most one of the offered media, unchanged', 400),
    languages: rule('3.4', 'lists supportedLanguages only when asked'),
    audioWindow: rule('4.1', 'sends audio only after opened, and not after disconnect or close'),
    audioSize: rule('5.1, 2.4', 'sends raw PCMU without a header, 1 to 64,000 bytes a message', 413),
    audioRate: rule('5.5', 'sends at most 25 + 5·t binary messages in any t seconds', 429, false),
    events: rule('7', 'sends events with at least one entity, each well formed', 500),
    bargeIn: rule('5.4', 'sends barge_in only while something plays'),
    updated: rule('2.3', 'answers each update with updated, and sends none unasked'),
    disconnectForm: rule('8.2', 'disconnects at most once, before close, with a reason of the protocol'),
    outputVariables: rule('8.3', 'gives outputVariables as a flat map of strings'),
    afterDisconnect: rule('8.2', 'sends nothing but pong between disconnect and close'),
    closedInTime: rule('8.1, 9.2', 'answers close with closed: 1 s is slow, 10 s is lost', 408),
    closedLast: rule('8.1', 'sends closed once, when asked, as its last message', 409),
    socketLeftOpen: rule('8.1', 'leaves it to the client to close the socket'),
} satisfies Record<string, Entry>;

export type CheckName = keyof typeof ENTRIES;

/** Every check by name, numbered in the order of the catalogue. */
export const PROTOCOL_CHECKS: Readonly<Record<CheckName, ProtocolCheck>> = catalogue();

function catalogue(): Record<CheckName, ProtocolCheck> {
    const names = Object.keys(ENTRIES) as CheckName[];
    const check = (name: CheckName): ProtocolCheck => {
        const entry: Entry = ENTRIES[name];
        const { section, clientError } = entry;
        return { number: names.indexOf(name) + 1, name, rule: entry.rule, section, clientError };
    };
    return Object.fromEntries(names.map((name) => [name, check(name)])) as Record<CheckName, ProtocolCheck>;
}

/** What a call was checked for, and what was found. */
export interface ProtocolReport {
    /** Checks that this call gave an occasion for, by number. */
    checked: ProtocolCheck[];
    /** Breaches that put a call at risk. */
    broken: Violation[];
    /** Breaches that a client copes with. */
    warned: Violation[];
}

/** Collects which checks were made on a call, and every breach. */
export class CheckResults {
    private readonly checked = new Set<CheckName>();
    private readonly violations: Violation[] = [];

    /** `elapsedMs`: milliseconds since the call was dialled, the `atMs` of violations. */
    constructor(
        private readonly elapsedMs: () => number,
        private readonly onViolation: (violation: Violation) => void,
    ) {}

    /** Records the check `name`: a breach unless it `holds`. Returns `holds`. */
    check(name: CheckName, holds: boolean, detail: string, severity: Severity = 'fail'): boolean {
        this.checked.add(name);
        if (holds) return true;
        const violation = {
            check: PROTOCOL_CHECKS[name],
            severity,
            atMs: this.elapsedMs(),
            detail,
        };
        this.violations.push(violation);
        this.onViolation(violation);
        return false;
    }

    report(): ProtocolReport {
        const checked = [...this.checked].map((name) => PROTOCOL_CHECKS[name]).sort((a, b) => a.number - b.number);
        return {
            checked,
            broken: this.violations.filter(({ severity }) => severity === 'fail'),
            warned: this.violations.filter(({ severity }) => severity === 'warn'),
        };
    }
}
