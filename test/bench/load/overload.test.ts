import type { CallerSide } from '../../../bench/load/load-call';
import { overloadFigures } from '../../../bench/load/overload';
import type { ServiceSide } from '../../../bench/load/stand-in';
import { codesIn } from '../../../bench/load/targets';

const FROM_MS = 1000;
const NOTHING = { atMs: new Float64Array(), bytes: new Float64Array() };

function caller(call: number, changes: Partial<CallerSide>): CallerSide {
    const counts = { misplacedBytes: 0, overLimit: 0, bargeIns: 0, faults: [] };
    const times = { refusedWith: undefined, acceptedAfterMs: 4, openedAfterMs: 6, dialledAtMs: FROM_MS };
    return { call, ...times, ...counts, sent: NOTHING, heard: NOTHING, ...changes };
}

function inside(call: number, dialledAtMs: number, lateMs: number): [CallerSide, ServiceSide] {
    const times = Float64Array.of(dialledAtMs + 200, dialledAtMs + 400);
    const bytes = Float64Array.of(1600, 3200);
    const arrived = { atMs: times.map((atMs) => atMs + lateMs), bytes };
    const side = { call, arrived, answersFrom: [], responses: 0, givenBytes: 0, misplacedBytes: 0, faults: [] };
    return [caller(call, { dialledAtMs, sent: { atMs: times, bytes } }), side];
}

describe('an overload', () => {
    it('is described by those inside, those refused, and how long refusals go on after it', () => {
        const pairs = [inside(1, FROM_MS, 3), inside(2, FROM_MS + 100, 5), inside(3, FROM_MS + 140_000, 1)];
        const outside = [
            caller(4, { refusedWith: 503, acceptedAfterMs: 2, dialledAtMs: FROM_MS + 500 }),
            caller(5, { refusedWith: 503, acceptedAfterMs: 8, dialledAtMs: FROM_MS + 121_500 }),
        ];
        const figures = overloadFigures(
            [...pairs.map(([each]) => each), ...outside],
            pairs.map(([, each]) => each),
            FROM_MS,
        );
        expect(figures).toMatchObject({
            accepted: 3,
            refused: new Map([[503, 2]]),
            mostAtOnce: 2,
            refusedAfterMs: { max: 8 },
            frameToModelMs: { p50: 3, max: 5 },
            laterFrameToModelMs: { max: 1 },
            recoveredAfterMs: 1500,
        });
    });
});

describe('the log of a server under load', () => {
    it('is read for error codes, but for those that the bench itself causes', () => {
        const log =
            '{"level":"warn","code":"ERR_A"}\n{"code":"ERR_SHUTTING_DOWN"}\n{"code":"ERR_A"}\n{"msg":"call ended"}\n';
        expect(codesIn(log)).toEqual(new Map([['ERR_A', 2]]));
    });
});
