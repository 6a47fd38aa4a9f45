import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { freePort, isUp } from '../tools/local-port';
import type { LoopFigures, MemoryFigures } from './loop-meter';
import { MeasuredProcess } from './measured-process';

const SOURCE = join(__dirname, '..', 'src', 'index.ts');
const METER = join(__dirname, 'loop-meter.ts');

/** A server to be measured, and how Node.js runs it. Default: the source of this project. */
export interface ServerProgram {
    entry: string;
    execArgv: readonly string[];
    keepsLog?: boolean;
}

const FROM_SOURCE: ServerProgram = {
    entry: SOURCE,
    execArgv: ['--require', createRequire(__filename).resolve('tsx/cjs'), '--require', METER],
};

/** API key and client secret of a server's callers. */
export interface CallerKey {
    apiKey: string;
    clientSecret: string;
}

export function newCallerKey(): CallerKey {
    return { apiKey: randomBytes(18).toString('base64'), clientSecret: randomBytes(32).toString('base64') };
}

/** The real server in a process of its own, with a meter in it. */
export class MeasuredServer {
    private constructor(
        readonly port: number,
        readonly key: CallerKey,
        private readonly process: MeasuredProcess,
    ) {}

    /** Starts it and waits until it answers. */
    static async start(
        env: Readonly<Record<string, string>>,
        program: ServerProgram = FROM_SOURCE,
        key = newCallerKey(),
    ): Promise<MeasuredServer> {
        const port = await freePort();
        const started = await MeasuredProcess.start({
            ...program,
            env: {
                PORT: String(port),
                AUDIOHOOK_API_KEYS: JSON.stringify({ [key.apiKey]: key.clientSecret }),
                ADMISSION: 'off',
                LOG_LEVEL: 'error',
                ...env,
            },
            isUp: () => isUp(`http://127.0.0.1:${port}/health`),
        });
        return new MeasuredServer(port, key, started);
    }

    /** What it has printed, once it was stopped, if the program keeps that. */
    get log(): string {
        return this.process.log;
    }

    /** The address of a bot. */
    url(bot: string): string {
        return `ws://127.0.0.1:${this.port}/?bot=${bot}`;
    }

    /** The measurement begins. */
    begin(): void {
        this.process.begin();
    }

    /** It ends. */
    end(): Promise<LoopFigures> {
        return this.process.end();
    }

    memory(): Promise<MemoryFigures> {
        return this.process.memory();
    }

    stop(): Promise<void> {
        return this.process.stop();
    }
}
