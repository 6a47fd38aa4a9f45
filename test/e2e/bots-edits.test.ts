import type { Caller } from '../../tools/caller/client';
import type { FakeSession } from '../../tools/fake-openai';
import { until } from '../support/test-bench';
import { BotsBench } from './bots-bench';

const OLD = 'You are the desk of last year.';
const NEW = 'You are the desk of this year.';

function desk(instructions: string, changes: object = {}): object {
    return { instructions, greeting: 'Say hello.', ...changes };
}

/** A running server hears of edits from the operating system, as soon as the folder has calmed down. */
describe('an edit of a profile under a running server', () => {
    let bench: BotsBench;

    beforeEach(async () => {
        bench = await BotsBench.start({ profiles: { desk: desk(OLD) } });
    });

    afterEach(() => bench.stop());

    async function joined(path = '/desk'): Promise<{ caller: Caller; session: FakeSession }> {
        const caller = await bench.call(path);
        const session = await bench.fake.nextSession();
        await session.waitForSent('response.done');
        return { caller, session };
    }

    async function edit(file: string, content: unknown, message: string): Promise<void> {
        const count = bench.logs.lines.length;
        bench.write(file, content);
        const isTold = (): boolean => bench.logs.lines.slice(count).some((line) => line.message.includes(message));
        await until(`the log says “${message}”`, isTold);
    }

    it('leaves the running call its bot, even in a new session, and counts from the next call on', async () => {
        const running = await joined();
        const tools = [{ kind: 'transfer_to_agent' }];
        await edit('desk.json', desk(NEW, { tools, realtime: { voice: 'sage' } }), 'has changed');
        running.session.cut();
        const again = await bench.fake.nextSession();
        await again.waitForSent('session.updated');
        const next = await joined();
        expect(running.session.updates.filter(({ session }) => 'instructions' in session)).toHaveLength(1);
        const seen = [running.session, again, next.session].map(({ effective }) => ({
            text: effective.instructions,
            voice: effective.audio.output.voice,
            tools: effective.tools.map((tool) => ('name' in tool ? tool['name'] : '')),
        }));
        const old = { text: OLD, voice: 'marin', tools: ['end_call', 'collect_digits'] };
        expect(seen).toEqual([old, old, { text: NEW, voice: 'sage', tools: ['transfer_to_agent'] }]);
    });

    it('that breaks it keeps the last good one answering, and says where it is wrong; the cure counts at once', async () => {
        await edit('desk.json', { instructions: NEW, voice: 'sage' }, 'the last good profile stays');
        const { session } = await joined();
        expect(session.effective.instructions).toBe(OLD);
        const broken = bench.logs.lines.find(({ fields }) => fields['code'] === 'ERR_PROFILE');
        expect(JSON.stringify(broken?.fields['problems'])).toContain('bots/desk.json: ');
        expect(JSON.stringify(broken?.fields['problems'])).toContain('voice');
        await edit('desk.json', desk(NEW), 'has changed');
        expect((await joined()).session.effective.instructions).toBe(NEW);
    });

    it('adds a bot that was unknown a moment ago', async () => {
        const early = await bench.call('/?bot=night');
        expect((await early.ended).disconnect?.info).toBe('There is no bot named "night"');
        await edit('night.json', desk('You are the night desk.'), 'is new');
        expect((await joined('/?bot=night')).session.effective.instructions).toBe('You are the night desk.');
    });
});
