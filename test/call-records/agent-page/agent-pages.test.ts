import { AgentPages } from '../../../src/call-records/agent-page/agent-pages';
import { CallLinks } from '../../../src/call-records/agent-page/call-link';
import { PAGE_HEADERS } from '../../../src/call-records/agent-page/page';
import type { CallDocument } from '../../../src/call-records/document';
import type { EndedCall } from '../../../src/services/handover/handover';
import { CodedError } from '../../../src/support/errors';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';
import { SAMPLE_CONVERSATION, SAMPLE_SESSION, sampleCall } from '../sample-call';

const HOSTILE = '<script>alert(1)</script> "\'& <img src=x onerror=y>';

const ENDED: EndedCall = {
    sessionId: SAMPLE_SESSION.toUpperCase(),
    conversationId: SAMPLE_CONVERSATION,
    bot: 'billing',
    endReason: 'transfer',
    variables: { topic: 'invoice', cost_usd: '0.04', summary: 'A wrong invoice.' },
    lines: [
        { speaker: 'bot', text: 'Hello, how can I help you with everything?', heard: 'Hello, how can I help' },
        { speaker: 'caller', text: 'My number is 4711 22.', heard: 'My number is 4711 22.' },
        { speaker: 'caller', text: 'mhm', heard: 'mhm', ignored: true },
        { speaker: 'bot', text: 'Never played.', heard: '' },
    ],
    tools: [{ name: 'find_invoice', callId: 'c', ms: 3, outcome: 'timeout' }],
};

describe('the pages of calls', () => {
    let clock: FakeClock;
    let log: LogRecorder;
    let document: CallDocument | undefined;
    let fault: Error | undefined;
    let pages: AgentPages;

    beforeEach(() => {
        clock = new FakeClock();
        log = new LogRecorder();
        document = undefined;
        fault = undefined;
        pages = new AgentPages({
            links: new CallLinks({ base: new URL('https://bot.example.com'), secret: 's'.repeat(32), hours: 1 }),
            store: { get: () => (fault === undefined ? Promise.resolve(document) : Promise.reject(fault)) },
            clock,
            logger: log,
        });
    });

    async function html(): Promise<string> {
        const answer = await pages.page(SAMPLE_SESSION);
        return answer?.status === 200 ? answer.html : '';
    }

    it('are found by their links', () => {
        const { pathname } = new URL(pages.linkTo(SAMPLE_SESSION));
        expect(pages.sessionIdIn(pathname)).toBe(SAMPLE_SESSION);
        expect(pages.sessionIdIn(pathname.slice(1))).toBeUndefined();
        expect(pages.sessionIdIn(`${pathname}/`)).toBeUndefined();
        clock.advance(3_600_000);
        expect(pages.sessionIdIn(pathname)).toBeUndefined();
    });

    it('show what was said and heard, what was done and found out, and neither cost nor long numbers', async () => {
        document = sampleCall();
        const page = await html();
        for (const words of [
            'Hello, how can I help?',
            'A person, please.',
            'I see the invoice',
            'find_invoice: ok',
            'topic',
        ])
            expect(page).toContain(words);
        expect(page).toContain('My invoice is wrong, number ***.');
        expect(page).not.toMatch(/4711|explain every line|0\.0412|cost/);
        expect(page.indexOf('how can I help')).toBeLessThan(page.indexOf('My invoice is wrong'));
        expect(page).not.toContain('still being stored');
    });

    it('are made from memory until the record is stored: of the bot what was heard, of the caller what was a turn', async () => {
        pages.keep(ENDED);
        const page = await html();
        for (const words of [
            'Hello, how can I help',
            'My number is ***.',
            'find_invoice: timeout',
            'A wrong invoice.',
            'still being stored',
        ])
            expect(page).toContain(words);
        expect(page).not.toMatch(/everything|mhm|Never played|4711|0\.04/);
        fault = new CodedError('ERR_INTERNAL', 'away');
        expect(await html()).toBe(page);
        fault = undefined;
        document = sampleCall();
        expect(await html()).toContain('A person, please.');
    });

    it('are not made from memory for longer than two minutes, and of 500 calls at most', async () => {
        pages.keep(ENDED);
        clock.advance(119_999);
        expect(await html()).not.toBe('');
        clock.advance(1);
        expect(await html()).toBe('');
        pages.keep(ENDED);
        for (let i = 0; i < 500; i++) pages.keep({ ...ENDED, sessionId: String(i) });
        expect(await html()).toBe('');
    });

    it.each(['keeps', 'stores'])('hold no markup of what a call %s', async (way) => {
        const line = { speaker: 'caller', text: HOSTILE, heard: HOSTILE } as const;
        const tools = [{ name: HOSTILE, callId: 'c', ms: 1, outcome: 'ok' }] as const;
        const names = { bot: HOSTILE, endReason: HOSTILE, conversationId: HOSTILE };
        if (way === 'keeps')
            pages.keep({
                ...ENDED,
                ...names,
                lines: [line],
                tools,
                variables: { [HOSTILE]: HOSTILE, summary: HOSTILE },
            });
        else {
            const [turn] = sampleCall().turns;
            document = sampleCall({
                ...names,
                bot: { name: HOSTILE },
                outputVariables: { [HOSTILE]: HOSTILE, summary: HOSTILE },
                turns: turn === undefined ? [] : [{ ...turn, said: HOSTILE, heard: HOSTILE }],
                events: [{ atMs: 1, kind: 'tool', ms: 1, callId: 'c', outcome: HOSTILE, name: HOSTILE }],
            });
        }
        const page = await html();
        expect(page).toContain('&lt;script&gt;');
        expect(page.match(/<script|<img|onerror=y>/g)).toBeNull();
        // Every sign that opens an element is the page's own; one more is that of the doctype.
        const elements = page.match(/<\/?[a-z][a-z0-9]*(?: [a-z-]+="[^"<>]*")*>/g) ?? [];
        expect(elements.length + 1).toBe(page.split('<').length - 1);
    });

    it('have a policy that allows the one style and no script, and frames of Genesys Cloud alone', async () => {
        document = sampleCall();
        const policy = PAGE_HEADERS['Content-Security-Policy'] ?? '';
        expect(policy).toMatch(
            /^default-src 'none'; style-src 'sha256-[A-Za-z\d+/]{43}='; base-uri 'none'; form-action 'none'; frame-ancestors /,
        );
        expect(policy.split('frame-ancestors ')[1]?.split(' ')).toEqual([
            'https://*.mypurecloud.com',
            'https://*.mypurecloud.com.au',
            'https://*.mypurecloud.de',
            'https://*.mypurecloud.ie',
            'https://*.mypurecloud.jp',
            'https://*.pure.cloud',
            'https://*.genesys.cloud',
        ]);
        expect(PAGE_HEADERS['Referrer-Policy']).toBe('no-referrer');
        const style = /<style>([^]*)<\/style>/.exec(await html())?.[1] ?? '';
        const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style));
        expect(policy).toContain(Buffer.from(digest).toString('base64'));
    });

    it('are not there for a record without words, and where the store cannot be read, which is logged', async () => {
        document = sampleCall({ mode: 'metadata' });
        expect(await pages.page(SAMPLE_SESSION)).toBeUndefined();
        fault = new CodedError('ERR_INTERNAL', 'away');
        expect(await pages.page(SAMPLE_SESSION)).toBeUndefined();
        expect(log.codes).toEqual(['ERR_INTERNAL']);
    });

    it('are 503 beyond a hundred at once, and fifty in a second', async () => {
        document = sampleCall();
        for (let i = 0; i < 100; i++) expect((await pages.page(SAMPLE_SESSION))?.status).toBe(200);
        expect((await pages.page(SAMPLE_SESSION))?.status).toBe(503);
        clock.advance(20);
        expect((await pages.page(SAMPLE_SESSION))?.status).toBe(200);
    });
});
