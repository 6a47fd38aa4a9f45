import { CircuitBreaker, CircuitBreakers, type Permit } from '../../src/support/circuit-breaker';
import { CodedError } from '../../src/support/errors';
import { FakeClock } from './fake-clock';
import { LogRecorder } from './log-recorder';

describe('CircuitBreaker', () => {
    let clock: FakeClock;
    let log: LogRecorder;
    let breaker: CircuitBreaker;

    beforeEach(() => {
        clock = new FakeClock();
        log = new LogRecorder();
        breaker = new CircuitBreaker('service', clock, log);
    });

    function enter(): Permit {
        const pass = breaker.enter();
        if (pass === undefined) throw new Error('The breaker lets no call pass.');
        return pass;
    }

    function fail(times: number): void {
        for (let i = 0; i < times; i++) enter().failed();
    }

    it('opens after three failures within 30 s, and lets no call pass', () => {
        fail(2);
        expect(breaker.state).toBe('closed');
        fail(1);
        expect(breaker.state).toBe('open');
        expect(breaker.enter()).toBeUndefined();
    });

    it.each([
        'ECONNREFUSED',
        'ENOTFOUND',
        'EAI_AGAIN',
        'EHOSTUNREACH',
        'ENETUNREACH',
        'CERT_HAS_EXPIRED',
        'SELF_SIGNED_CERT_IN_CHAIN',
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        'ERR_TLS_CERT_ALTNAME_INVALID',
        'EPROTO',
    ])('opens at the first failure when the service cannot be reached: %s', (systemError) => {
        enter().failed(new CodedError('ERR_OPENAI_CONNECT', undefined, { systemError }));
        expect(breaker.state).toBe('open');
    });

    it.each(['ECONNRESET', 'ETIMEDOUT', 'UND_ERR_SOCKET', 'no answer in time, or no WebSocket'])(
        'counts a failure of which another attempt may know more: %s',
        (systemError) => {
            enter().failed(new CodedError('ERR_OPENAI_CONNECT', undefined, { systemError }));
            expect(breaker.state).toBe('closed');
        },
    );

    it('stays closed when the failures are further apart', () => {
        for (let i = 0; i < 20; i++) {
            fail(1);
            clock.advance(15_000);
        }
        expect(breaker.state).toBe('closed');
    });

    it('forgets failures after a success', () => {
        fail(2);
        enter().succeeded();
        fail(2);
        expect(breaker.state).toBe('closed');
    });

    it('lets one in after 10 s, and no second one before that one has a verdict', () => {
        fail(3);
        clock.advance(9999);
        expect(breaker.enter()).toBeUndefined();
        clock.advance(1);
        const probe = enter();
        expect([probe.isProbe, breaker.state, breaker.enter()]).toEqual([true, 'half-open', undefined]);
        probe.succeeded();
        expect([enter().isProbe, breaker.state]).toEqual([false, 'closed']);
    });

    it('opens again, for another 10 s, when the one fails', () => {
        fail(3);
        clock.advance(10_000);
        enter().failed();
        expect(breaker.enter()).toBeUndefined();
        clock.advance(9999);
        expect(breaker.enter()).toBeUndefined();
        clock.advance(1);
        expect(enter().isProbe).toBe(true);
    });

    it('takes the next one when the one leaves without a verdict', () => {
        fail(3);
        clock.advance(10_000);
        enter().release();
        expect(breaker.state).toBe('half-open');
        expect(enter().isProbe).toBe(true);
    });

    it('learns nothing from the failures of calls that began before it opened, and closes on their success', () => {
        const old = enter();
        fail(3);
        clock.advance(10_000);
        const probe = enter();
        old.failed();
        expect(breaker.state).toBe('half-open');
        old.succeeded();
        expect(breaker.state).toBe('closed');
        probe.release();
        expect(breaker.state).toBe('closed');
    });

    it('logs each change once, with the service', () => {
        fail(3);
        clock.advance(10_000);
        enter().succeeded();
        enter().succeeded();
        expect(log.lines.map(({ fields }) => [fields['upstream'], fields['breaker'], fields['code']])).toEqual([
            ['service', 'open', 'ERR_FALLBACK_UPSTREAM_DOWN'],
            ['service', 'half-open', undefined],
            ['service', 'closed', undefined],
        ]);
    });

    it('is one for each service', () => {
        const breakers = new CircuitBreakers(clock, log, { failures: 1 });
        breakers.of('a').enter()?.failed();
        expect([breakers.of('a').state, breakers.of('b').state]).toEqual(['open', 'closed']);
        expect(breakers.of('a')).toBe(breakers.of('a'));
    });
});
