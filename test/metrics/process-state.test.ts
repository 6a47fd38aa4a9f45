import type { ProcessState } from '../../src/metrics/process-state';
import { ServerMetrics } from '../../src/metrics/server-metrics';

const STATE: ProcessState = {
    activeCalls: 3,
    connections: 4,
    maxCalls: 10,
    isDraining: false,
    unavailable: 'replay-store',
    load: { cpu: 0.5 },
    upstreams: [{ name: 'openai-realtime', state: 'half-open' }],
    replayStore: { isDown: true, outages: 2, undecided: 7 },
    callRecords: { isDown: true, waiting: 4, stored: 9, dropped: 2 },
};

async function linesOf(state: ProcessState): Promise<string[]> {
    const metrics = new ServerMetrics({ state: () => state, version: '1' });
    const text = await metrics.text();
    metrics.stop();
    return text.split('\n');
}

describe('the gauges', () => {
    it('show what is true when they are read', async () => {
        const lines = await linesOf(STATE);
        expect(lines).toEqual(
            expect.arrayContaining([
                'audioconnector_active_calls 3',
                'audioconnector_connections 4',
                'audioconnector_ready 0',
                'audioconnector_not_ready{reason="replay-store"} 1',
                'audioconnector_not_ready{reason="full"} 0',
                'audioconnector_load_ratio{reading="cpu"} 0.5',
                'audioconnector_upstream_down{upstream="openai-realtime"} 0.5',
            ]),
        );
    });

    it('show whether records of calls are stored, and count them', async () => {
        expect(await linesOf(STATE)).toEqual(
            expect.arrayContaining([
                'audioconnector_call_store_down 1',
                'audioconnector_call_records_waiting 4',
                'audioconnector_call_records_stored_total 9',
                'audioconnector_call_records_dropped_total 2',
            ]),
        );
        expect(await linesOf({ ...STATE, callRecords: undefined })).toContain('audioconnector_call_store_down 0');
    });

    it('show whether Redis answers, and count from the start of the process how often it did not', async () => {
        expect(await linesOf(STATE)).toEqual(
            expect.arrayContaining([
                'audioconnector_replay_store_down 1',
                'audioconnector_replay_store_outages_total 2',
                'audioconnector_replay_store_undecided_total 7',
            ]),
        );
        expect(await linesOf({ ...STATE, replayStore: undefined })).toContain('audioconnector_replay_store_down 0');
    });
});
