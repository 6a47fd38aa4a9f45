import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { alertRules, dashboardPanels, fillIn, MONITORING } from '../../tools/monitoring-files';
import { Prometheus } from '../../bench/prometheus';
import { wavToPcmu } from '../../src/audio/wav';
import { INSTANT } from '../../tools/fake-openai';
import { TestBench } from '../support/test-bench';
import { describeWith } from './describe-with';
import { metricsUrl } from './scraped';

const SPEECH = wavToPcmu(readFileSync(join(__dirname, '../../samples/librivox_0930.wav')));

describeWith('promtool')('the files for Prometheus', () => {
    const promtool = (...args: string[]): { status: number | null; output: string } => {
        const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: MONITORING, encoding: 'utf8' });
        return { status, output: stdout + stderr };
    };

    it('are right', () => {
        expect(promtool('check', 'config', 'prometheus.yml')).toMatchObject({ status: 0 });
        expect(promtool('check', 'rules', 'alerts.yml')).toMatchObject({ status: 0 });
    });

    it('have alerts that fire, and recover', () => {
        expect(promtool('test', 'rules', 'alerts.test.yml')).toMatchObject({ status: 0 });
    });
});

describeWith('prometheus')('Prometheus', () => {
    let bench: TestBench;
    let prometheus: Prometheus;

    beforeAll(async () => {
        bench = await TestBench.start({ openai: { ...INSTANT, vad: 'off' }, env: { METRICS_PORT: '0' } });
        prometheus = await Prometheus.start(new URL(metricsUrl(bench.server)).host);
    }, 120_000);
    afterAll(async () => {
        await prometheus.stop();
        await bench.stop();
    });

    it('sees the calls, the target that is up, and each alert without an error', async () => {
        const callers = Array.from({ length: 3 }, () => bench.caller({ audio: SPEECH }));
        for (const caller of callers) await caller.dial();
        const active = 'audioconnector_active_calls == 3';
        expect((await prometheus.until(active))[0]?.metric['job']).toBe('audioconnector');
        await prometheus.until('audioconnector_first_audio_seconds_count == 3');
        await prometheus.until('audioconnector_fallback_calls{option="realtime"} == 3');
        for (const caller of callers) caller.hangUp();
        await prometheus.until('audioconnector_calls_ended_total{reason="client_end"} == 3');
        await prometheus.until('up{job="audioconnector"} == 1');

        const { data } = await prometheus.get<{ activeTargets: { health: string; lastError: string }[] }>('targets');
        expect(data.activeTargets.map(({ health, lastError }) => [health, lastError])).toEqual([['up', '']]);
        const rules = await prometheus.get<{ groups: { rules: { name: string; health: string }[] }[] }>('rules');
        const loaded = rules.data.groups.flatMap((group) => group.rules);
        expect(loaded.map(({ name }) => name)).toEqual(alertRules().map(({ alert }) => alert));
        expect(loaded.filter(({ health }) => health === 'err')).toEqual([]);
    });

    it('understands every panel of the dashboard, with the variables that Grafana fills in', async () => {
        for (const { title, targets = [] } of dashboardPanels()) {
            expect(targets.length).toBeGreaterThan(0);
            for (const { expr } of targets) {
                const filled = fillIn(expr, '1m');
                const answer = await prometheus.get('query', { query: filled });
                expect({ title, filled, status: answer.status }).toEqual({ title, filled, status: 'success' });
            }
        }
    });
});
