import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkCases } from '../../../tools/eval/check-cases';
import type { RunResult } from '../../../tools/eval/result';
import type { CaseToRun } from '../../../tools/eval/run-case';

describe('npm run bots:check -- --cases', () => {
    const folder = mkdtempSync(join(tmpdir(), 'check-cases-'));
    const write = (file: string, text: string): void => {
        writeFileSync(join(folder, file), text);
    };

    beforeAll(() => {
        write(
            'desk.json',
            JSON.stringify({ instructions: 'x', outputVariables: { topic: {} }, tools: [{ kind: 'end_call' }] }),
        );
        write('other.json', JSON.stringify({ instructions: 'x' }));
        write('desk.eval.yaml', 'cases:\n  - name: a\n    script: [{ hang_up: true }]\n    expect: {}\n');
    });

    afterAll(() => {
        rmSync(folder, { recursive: true });
    });

    function running(verdict: RunResult['verdict'], outputs: Record<string, string>) {
        return (cases: readonly CaseToRun[]): Promise<RunResult[]> => {
            const outcome = { outputs, functions: [{ name: 'end_call' }], answers: [] };
            const failures =
                verdict === 'failed' ? [{ of: 'heard', line: 4, why: 'Nothing was heard.', atMs: 1500 }] : [];
            return Promise.resolve(
                cases.map(
                    ({ bot, file, lines, evalCase: { name } }) =>
                        ({ bot, file, line: lines?.begins, name, verdict, failures, outcome }) as unknown as RunResult,
                ),
            );
        };
    }

    it('says what no case reaches, and which bot has no cases', async () => {
        const { isRight, text } = await checkCases(folder, folder, running('passed', {}));
        expect([isRight, text]).toEqual([
            true,
            'desk: 1 cases\n    output variables that no case sets: topic\nother: no cases (docs/EVALS.md)\n',
        ]);
        const all = await checkCases(folder, folder, running('passed', { topic: 'x' }));
        expect(all.text).toContain('desk: 1 cases, which reach all of it\n');
    });

    it('runs the cases of one bot alone, and knows when there is none of this name', async () => {
        const asked: string[] = [];
        const run = (cases: readonly CaseToRun[]): Promise<RunResult[]> => {
            asked.push(...cases.map(({ bot }) => bot));
            return Promise.resolve([]);
        };
        const other = await checkCases(folder, folder, run, 'other');
        expect([other, asked]).toEqual([{ isRight: true, text: 'other: no cases (docs/EVALS.md)\n' }, []]);
        await checkCases(folder, folder, run, 'desk');
        expect(asked).toEqual(['desk']);
        expect(await checkCases(folder, folder, run, 'dask')).toEqual({
            isRight: false,
            text: 'There is no bot dask in this folder; there are desk, other.\n',
        });
    });

    it('is not right when a case fails, or a file is wrong', async () => {
        const failed = await checkCases(folder, folder, running('failed', { topic: 'x' }));
        expect(failed).toMatchObject({
            isRight: false,
            text: expect.stringContaining(
                'desk.eval.yaml:2: desk: a: heard (line 4) at 0:01.5: Nothing was heard.\n',
            ) as string,
        });
        write('desk.eval.yaml', 'cases: 5\n');
        const wrong = await checkCases(folder, folder, running('passed', {}));
        expect(wrong.isRight).toBe(false);
        expect(wrong.text).toMatch(/^desk\.eval\.yaml:1:/);
    });
});
