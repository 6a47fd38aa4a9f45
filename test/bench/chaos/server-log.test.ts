import { ServerLog } from '../../../bench/chaos/server-log';

describe('the log of a server', () => {
    it('says how each call ended, however its lines are cut', () => {
        const log = new ServerLog();
        log.add('{"level":30,"session":"a","endReason":"client_end","msg":"call en');
        log.add('ded"}\n{"level":30,"session":"b","msg":"call opening"}\n');
        expect([...log.ends]).toEqual([['a', ['client_end']]]);
        expect(log.lines).toBe(2);
    });

    it('keeps a second end of the same call', () => {
        const log = new ServerLog();
        const line = '{"session":"a","endReason":"socket_lost","msg":"call ended"}\n';
        log.add(line + line);
        expect(log.ends.get('a')).toEqual(['socket_lost', 'socket_lost']);
    });

    it('sums dropped lines, and names faults of the program', () => {
        const log = new ServerLog();
        log.add('{"code":"ERR_LOG_DROPPED","lines":12}\n{"code":"ERR_LOG_DROPPED","lines":3}\n');
        log.add('{"code":"ERR_INTERNAL","fault":"x is not a function"}\nno JSON at all\n');
        expect([log.takeDropped(), log.takeDropped()]).toEqual([15, 0]);
        expect(log.internalFaults).toEqual(['{"code":"ERR_INTERNAL","fault":"x is not a function"}']);
    });
});
