import type { ResponseRequest } from '../../../tools/fake-openai';
import type { ModelStep } from '../../../tools/eval/case-schema';
import { ModelScript } from '../../../tools/eval/model-script';
import type { SpokenSentences } from '../../../tools/eval/voice';

const SENTENCES = { of: () => Promise.resolve(new Uint8Array(8)) } as unknown as SpokenSentences;
const REQUEST = { params: {}, items: [] } as unknown as ResponseRequest;

async function after(used: number, steps: readonly ModelStep[]): Promise<string | undefined> {
    const script = await ModelScript.of(steps, SENTENCES);
    for (let at = 0; at < used; at++) script.respond(REQUEST);
    return script.unused;
}

describe('what the model did not come to', () => {
    const steps: ModelStep[] = ['Hello.', { says: ['Yes.', 'No.'], times: 3 }, { calls: { end_call: { pin: 4711 } } }];

    it('is named by the first such step', async () => {
        expect(await after(1, steps)).toBe(
            'The model did not come to the last 4 of its 5 responses; the first of them is step 2 of `model` (“Yes.”).',
        );
        expect(await after(3, steps)).toContain('the last 2 of its 5 responses; the first of them is step 2 of');
        expect(await after(4, steps)).toMatch(/the first of them is step 3 of `model` \(calls end_call\)\.$/);
    });

    it('is nothing when it came to all', async () => {
        expect(await after(5, steps)).toBeUndefined();
        expect(await after(0, [])).toBeUndefined();
    });
});
