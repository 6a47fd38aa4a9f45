import { AlertRules, type AlertReading } from '../alerts/alert-rules';
import { AlertWebhook } from '../alerts/alert-webhook';
import type { AlertConfig } from '../config/config';
import type { ProcessState } from '../metrics/process-state';
import type { ServerMetrics } from '../metrics/server-metrics';
import type { Clock } from '../support/clock';
import { ERRORS } from '../support/errors';
import type { Logger } from '../support/logger';
import { loggedFault, TimerSet } from '../support/timer-set';

/** Time between two readings. */
const LOOK_MS = 5000;
const FOR_LOAD: ReadonlySet<unknown> = new Set(['ERR_SERVER_OVERLOADED', 'ERR_SERVER_FULL', 'ERR_ALL_SERVERS_FULL']);

export interface AlertingDeps {
    /** Names this server in the messages. */
    readonly server: string;
    readonly metrics: ServerMetrics;
    readonly state: () => ProcessState;
    readonly clock: Clock;
    readonly logger: Logger;
}

/** Looks at the metrics of a server every 5 s, and tells the webhook what begins to be wrong and what is over. */
export class Alerting {
    private readonly rules: AlertRules;
    private readonly webhook: AlertWebhook;
    private readonly timers: TimerSet;
    private readonly onFault: (fault: unknown) => void;

    constructor(
        { url, secret, budgetUsd }: AlertConfig,
        private readonly deps: AlertingDeps,
    ) {
        const { server, clock, logger } = deps;
        this.rules = new AlertRules(budgetUsd);
        this.webhook = new AlertWebhook({ url, secret, server, clock, logger });
        this.onFault = loggedFault(logger, ERRORS.ERR_INTERNAL.cause);
        this.timers = new TimerSet(clock, this.onFault);
    }

    start(): void {
        this.timers.set('look', LOOK_MS, () => {
            this.start();
            this.look().catch(this.onFault);
        });
    }

    /** Frees everything; messages that wait are lost. May be called twice. */
    stop(): void {
        this.timers.clear();
        this.webhook.close();
    }

    private async look(): Promise<void> {
        const { clock, metrics, state } = this.deps;
        const reading = await readingOf(metrics, state());
        for (const change of this.rules.judge(reading, clock.nowMs(), clock.epochMs())) this.webhook.send(change);
    }
}

async function readingOf(metrics: ServerMetrics, { upstreams }: ProcessState): Promise<AlertReading> {
    return {
        callsOpened: await metrics.total('calls_opened_total'),
        fallbackSteps: await metrics.total('fallback_steps_total'),
        authenticated: await metrics.total('connections_accepted_total'),
        authenticationFailures: await metrics.total(
            'authentication_failures_total',
            ({ reason }) => reason !== 'ERR_KEY_MISSING',
        ),
        refusedForLoad: await metrics.total('refusals_total', ({ reason }) => FOR_LOAD.has(reason)),
        costUsd: await metrics.total('cost_usd_total'),
        upstreamsDown: upstreams.filter((each) => each.state !== 'closed').map(({ name }) => name),
    };
}
