import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GenerateResult } from 'selfsigned';
import type { Clock } from '../../../src/support/clock';
import { runDoctor } from '../../../tools/doctor/run-doctor';
import type { Finding } from '../../../tools/doctor/finding';
import type { Limits } from '../../../tools/doctor/target';
import { ScaledClock } from '../../support/scaled-clock';
import { TestBench } from '../../support/test-bench';
import { BrokenProxy, type BrokenProxyOptions } from './broken-proxy';
import { makeAuthority, makeCertificate, type TlsPair } from './certificates';

export const API_KEY = randomBytes(16).toString('hex');
export const SECRET = randomBytes(32).toString('base64');

export interface Setup {
    /** The environment of the doctor. */
    doctorEnv?: Record<string, string>;
    proxy?: BrokenProxyOptions;
    /** Settings of the server. */
    env?: Record<string, string>;
    /** The clock of the server, seconds ahead of the real one. */
    serverAheadSeconds?: number;
    /** Path and query of the URL that is examined. Default: `/`. */
    path?: string;
    secret?: string;
    args?: readonly string[];
    limits?: Partial<Limits>;
    /** The clock of the doctor. */
    clock?: Clock;
}

export interface Diagnosis {
    exitCode: number;
    /** All that was printed. */
    text: string;
    checks: readonly Finding[];
    /** Ids of the red rows. */
    wrong: readonly string[];
    row: (id: string) => Finding & { cause?: string; change?: string };
    tookMs: number;
}

/** The real server behind a proxy that ends TLS, and the doctor in front of both. */
export class DoctorBench {
    private readonly folder = mkdtempSync(join(tmpdir(), 'doctor-'));

    private constructor(
        readonly authority: GenerateResult,
        readonly certificate: TlsPair,
        other: GenerateResult,
    ) {
        writeFileSync(this.caFile, authority.cert);
        writeFileSync(this.otherCaFile, other.cert);
    }

    static async make(): Promise<DoctorBench> {
        const authority = await makeAuthority();
        return new DoctorBench(authority, await makeCertificate({ authority }), await makeAuthority('Other authority'));
    }

    get caFile(): string {
        return join(this.folder, 'ca.pem');
    }

    /** An authority that has signed nothing. */
    get otherCaFile(): string {
        return join(this.folder, 'other-ca.pem');
    }

    remove(): void {
        rmSync(this.folder, { recursive: true });
    }

    /** Starts server and proxy, examines them, and stops them. The short call is left out unless `args` are given. */
    async diagnose(setup: Setup = {}): Promise<Diagnosis> {
        const { proxy = {}, env = {}, serverAheadSeconds = 0, path = '/', args = ['--no-call'] } = setup;
        const clock = new ScaledClock(1);
        const bench = await TestBench.start({
            openai: false,
            clock: aheadBy(clock, serverAheadSeconds),
            env: { AUDIOHOOK_API_KEYS: JSON.stringify({ [API_KEY]: SECRET }), DEFAULT_BOT: 'echo', ...env },
        });
        let front: BrokenProxy | undefined;
        try {
            front = await BrokenProxy.start(bench.server.address?.port ?? 0, { tls: this.certificate, ...proxy });
            const url = `wss://localhost:${front.port}${path}`;
            return await this.examine(url, ['--ca', this.caFile, ...args], setup);
        } finally {
            await front?.stop();
            await bench.stop();
        }
    }

    /** Runs the command with these options, and `--json`. */
    async examine(
        url: string,
        args: readonly string[],
        { secret = SECRET, limits, clock, doctorEnv = {} }: Setup = {},
    ): Promise<Diagnosis> {
        let text = '';
        const print = (more: string): void => {
            text += `${more}\n`;
        };
        const startedMs = performance.now();
        const exitCode = await runDoctor([url, '--key', API_KEY, '--secret', secret, '--json', ...args], {
            env: doctorEnv,
            directory: this.folder,
            print,
            complain: print,
            progress: () => undefined,
            colour: false,
            // A busy machine must not end a search, or leave an attempt unanswered.
            limits: { quietMs: 1200, callMs: 1500, searchMs: 80_000, answerMs: 20_000, ...limits },
            ...(clock !== undefined && { clock }),
        });
        const tookMs = performance.now() - startedMs;
        const { checks } = JSON.parse(text) as { checks: Finding[] };
        const row = (id: string): Finding => {
            const found = checks.find((check) => check.id === id);
            if (found === undefined) throw new Error(`no row ${id}`);
            return found;
        };
        const wrong = checks.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id);
        return { exitCode, text, checks, wrong, row, tookMs };
    }
}

/** The same clock with another time of day. */
export function aheadBy(clock: Clock, seconds: number): Clock {
    return {
        nowMs: () => clock.nowMs(),
        epochMs: () => clock.epochMs() + seconds * 1000,
        after: (delayMs, task) => clock.after(delayMs, task),
    };
}

/** One row is red, and says what is expected; neither the secret nor the key is shown. */
export function expectOnly(diagnosis: Diagnosis, id: string, cause: RegExp, change: RegExp): void {
    expect({ exitCode: diagnosis.exitCode, wrong: diagnosis.wrong }).toEqual({ exitCode: 1, wrong: [id] });
    expect(diagnosis.row(id).cause).toMatch(cause);
    expect(diagnosis.row(id).change).toMatch(change);
    for (const hidden of [SECRET, API_KEY]) expect(diagnosis.text).not.toContain(hidden);
}
