import { join } from 'node:path';
import type { EvalCase } from '../../../tools/eval/case-schema';
import type { RunResult } from '../../../tools/eval/result';
import { runCase } from '../../../tools/eval/run-case';
import { startFakeOpenAI, type FakeOpenAI, type ScriptedResponse } from '../../../tools/fake-openai';
import { AnswerStandIn } from '../../speech/chat/answer-stand-in';

const BOTS = join(__dirname, '..', '..', '..', 'bots');
const OF_OPENAI = /^(OPENAI_|AZURE_OPENAI_|EVAL_)/;

/** The strict stand-ins in the place of OpenAI, named by the environment as a user would name them; `--live` cannot tell. */
export class LiveBench {
    private readonly before = { ...process.env };

    private constructor(
        readonly realtime: FakeOpenAI,
        readonly chat: AnswerStandIn,
    ) {}

    static async start(responses: readonly ScriptedResponse[]): Promise<LiveBench> {
        const bench = new LiveBench(await startFakeOpenAI({ response: responses }), await AnswerStandIn.start());
        for (const name of Object.keys(process.env).filter((each) => OF_OPENAI.test(each)))
            Reflect.deleteProperty(process.env, name);
        Object.assign(process.env, {
            OPENAI_API_KEY: 'sk-the-key-of-the-user',
            OPENAI_REALTIME_URL: bench.realtime.url,
            OPENAI_BASE_URL: bench.chat.baseURL,
            EVAL_MODEL: 'm',
        });
        return bench;
    }

    run(evalCase: EvalCase, live = true): Promise<RunResult> {
        const place = { bot: 'reception', file: 'reception.eval.yaml', folder: BOTS, botsFolder: BOTS };
        return runCase({ ...place, evalCase, run: 1, seed: 5, live });
    }

    async close(): Promise<void> {
        for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
        Object.assign(process.env, this.before);
        await this.realtime.close();
        await this.chat.close();
    }
}

/** An answer of the chat model in JSON. */
export function json(value: unknown): string {
    return JSON.stringify(value);
}
