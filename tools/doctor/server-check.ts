import { checkPort, checkUrl, findAddresses } from './address';
import { callBot, holdQuietCall, judgeOpened, judgeProtocol, sendLargeMessage } from './call-checks';
import { checkCertificate } from './certificate';
import { checkCredentials } from './credentials-check';
import { skip, type Finding, type Outcome } from './finding';
import { checkDate, checkHttp, findServedPath, type HttpAnswer } from './http-answer';
import { knock, signedHeaders, type Answer } from './knock';
import { checkRefusals } from './refusal-checks';
import { explainRefusedSignature } from './signature-search';
import { isPrivateAddress, type Target } from './target';
import { judgeUpgrade } from './upgrade-answer';

/** The rows of a check of a server, in the order of the table. */
const TITLES = {
    url: 'address',
    credentials: 'key and secret',
    dns: 'DNS',
    tcp: 'TCP',
    tls: 'TLS',
    'certificate.chain': 'certificate: chain',
    'certificate.name': 'certificate: name',
    'certificate.dates': 'certificate: dates',
    http: 'HTTP',
    upgrade: 'WebSocket upgrade',
    signature: 'signature',
    clock: 'clock',
    opened: 'connection probe',
    protocol: 'protocol',
    'refuses.unsigned': 'unsigned request',
    'refuses.expired': 'expired signature',
    'refuses.replayed': 'repeated signature',
    'refuses.unknown-key': 'unknown API key',
    pong: 'pong',
    hold: 'quiet call',
    'large-message': 'large message',
    call: 'short call',
    rate: 'message rate',
} as const;

type RowId = keyof typeof TITLES;

export interface ServerCheckOptions {
    target: Target;
    /** A row is ready. */
    tell: (finding: Finding) => void;
    /** What is being done, for who waits. */
    progress: (text: string) => void;
    /** Whether a call to the bot is placed; its model may cost money. */
    placesCall: boolean;
}

/** Follows the way of a Genesys call, from the host name to the bot, and tells of each step; what cannot be reached is not tried. */
export async function checkServer(options: ServerCheckOptions): Promise<void> {
    await new ServerCheck(options).run();
}

class ServerCheck {
    private readonly target: Target;
    private readonly outcomes = new Map<RowId, Outcome>();
    private addresses: readonly string[] = [];
    private plainAnswer: HttpAnswer | undefined;

    constructor(private readonly options: ServerCheckOptions) {
        this.target = options.target;
    }

    async run(): Promise<void> {
        const stoppedBy = await this.followTheWay();
        for (const id of Object.keys(TITLES) as RowId[])
            if (!this.outcomes.has(id)) this.row(id, skip(`not tried: ${stoppedBy ?? 'not asked for'}`));
    }

    /** @returns why what is left was not tried; undefined: all was tried. */
    private async followTheWay(): Promise<string | undefined> {
        if (!(await this.reachPort())) return 'the address cannot be reached';
        if (!(await this.trustCertificate())) return 'the API key is not sent to a server that cannot be trusted';
        await this.askForPath();
        if (this.outcomes.get('credentials')?.verdict === 'fail') return 'the key and secret cannot be used';
        const headers = signedHeaders(this.target);
        const answer = await this.upgrade(headers);
        if (answer === undefined) return 'the WebSocket did not come about';
        if (!this.probe(answer)) return 'the session was not opened';
        await this.refuse(headers);
        await this.talk();
        return undefined;
    }

    private async reachPort(): Promise<boolean> {
        this.options.progress('looking the host name up');
        const { addresses, outcome } = await findAddresses(this.target);
        this.addresses = addresses;
        this.row('url', checkUrl(this.target, addresses.every(isPrivateAddress)));
        this.row('credentials', checkCredentials(this.target));
        this.row('dns', outcome);
        if (addresses.length === 0) return false;
        this.options.progress('connecting');
        return this.row('tcp', await checkPort(this.target, addresses));
    }

    private async trustCertificate(): Promise<boolean> {
        if (this.target.url.protocol !== 'wss:') {
            const noTls = skip('ws:// has no TLS');
            for (const id of ['tls', 'certificate.chain', 'certificate.name', 'certificate.dates'] as const)
                this.row(id, noTls);
            return true;
        }
        this.options.progress('looking at the certificate');
        const { isTrusted, handshake, chain, name, dates } = await checkCertificate(this.target);
        this.row('tls', handshake);
        if (chain !== undefined) this.row('certificate.chain', chain);
        if (name !== undefined) this.row('certificate.name', name);
        if (dates !== undefined) this.row('certificate.dates', dates);
        return isTrusted;
    }

    private async askForPath(): Promise<void> {
        this.options.progress('asking for the path');
        const { outcome, answer } = await checkHttp(this.target);
        this.plainAnswer = answer;
        this.row('http', outcome);
    }

    /** @returns the answer to a signed connection probe; undefined: it was refused. */
    private async upgrade(headers: Record<string, string>): Promise<Answer | undefined> {
        this.options.progress('calling with a signed connection probe');
        const { target, plainAnswer } = this;
        const answer = await knock(target, headers);
        const isMissing = answer.kind === 'refused' && answer.status === 404;
        const served = isMissing ? await findServedPath(target) : undefined;
        const outcome = judgeUpgrade(answer, { target, plainAnswer, served });
        if (outcome === undefined) {
            this.row('upgrade', skip('refused because of the signature'));
            this.row('signature', await this.explainSignature());
            this.row('clock', checkDate(plainAnswer, false));
            return undefined;
        }
        const isUp = this.row('upgrade', outcome);
        if (!isUp) return undefined;
        this.row('signature', { verdict: 'ok', found: 'accepted' });
        this.row('clock', checkDate(plainAnswer, true));
        return answer;
    }

    private explainSignature(): Promise<Outcome> {
        const { target, addresses, plainAnswer } = this;
        const { progress } = this.options;
        return explainRefusedSignature({
            target,
            addresses,
            clockAheadSeconds: plainAnswer?.clockAheadSeconds,
            progress,
        });
    }

    private probe(answer: Answer): boolean {
        const isOpened = this.row('opened', judgeOpened(answer, this.target));
        if (answer.kind === 'opened') this.row('protocol', judgeProtocol(answer.summary));
        return isOpened;
    }

    private async refuse(headers: Record<string, string>): Promise<void> {
        this.options.progress('calling with wrong credentials');
        const { unsigned, expired, replayed, unknownKey } = await checkRefusals(this.target, headers);
        this.row('refuses.unsigned', unsigned);
        this.row('refuses.expired', expired);
        this.row('refuses.replayed', replayed);
        this.row('refuses.unknown-key', unknownKey);
    }

    /** The quiet call and the call to the bot stand at the same time: both are mostly waiting. */
    private async talk(): Promise<void> {
        const { target } = this;
        this.options.progress('sending a large message');
        const large = await sendLargeMessage(target);
        this.options.progress(`holding a quiet call for ${target.limits.quietMs / 1000} s, and calling the bot`);
        const [quiet, bot] = await Promise.all([
            holdQuietCall(target),
            this.options.placesCall ? callBot(target) : undefined,
        ]);
        this.row('pong', quiet.pong);
        this.row('hold', quiet.hold);
        this.row('large-message', large);
        if (bot === undefined) return;
        this.row('call', bot.call);
        this.row('rate', bot.rate);
    }

    /** Tells a row. @returns whether the way goes on after it. */
    private row(id: RowId, outcome: Outcome): boolean {
        this.outcomes.set(id, outcome);
        this.options.tell({ id, title: TITLES[id], ...outcome });
        return outcome.verdict !== 'fail';
    }
}
