import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CallHistory, type JournalLine } from '../../src/call-records/call-history';
import type { CallDocument, RecordEvent } from '../../src/call-records/document';
import { Journals, readJournal, type CallJournal } from '../../src/call-records/journal';
import type { CallFigures } from '../../src/services/call-observer';
import type { FunctionCallRecord } from '../../src/services/conversation';
import { FakeClock } from '../support/fake-clock';
import { FakeConversation } from '../support/fake-conversation';
import { LogRecorder } from '../support/log-recorder';
import { until } from '../support/test-bench';
import { DiskHere } from './disk/disk-here';

const SESSION = '7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e10';
const PAY = { callId: 'c1', name: 'pay', argumentsJson: '{"sum":40}' };
const FIGURES: CallFigures = {
    reason: 'client_end',
    turns: 0,
    bargeIns: 0,
    takenBack: 0,
    digits: 0,
    toolCalls: 1,
    costUsd: undefined,
    firstAudioMs: undefined,
    callerAudioMs: 0,
    lostCallerAudioMs: 0,
    turnClock: { worstMs: undefined, medianMs: undefined },
};

/** One call with a record and a journal of its own. */
class RecordedCall {
    readonly clock = new FakeClock();
    readonly folder = mkdtempSync(join(tmpdir(), 'recovered-'));
    readonly bot = new FakeConversation();
    readonly lines: JournalLine[] = [];
    private readonly journals: Journals;
    private readonly history: CallHistory;
    private document: CallDocument | undefined;

    constructor(mode: 'metadata' | 'full' = 'full') {
        const { clock, bot, folder } = this;
        const logger = new LogRecorder();
        this.journals = new Journals({
            folder,
            disk: new DiskHere(),
            clock,
            logger,
            onRecovered: () => Promise.resolve(),
            isWaiting: () => false,
        });
        let journal: CallJournal | undefined;
        this.history = new CallHistory(
            {
                clock,
                logger,
                sessionId: SESSION,
                conversationId: 'c5b0e1d4-97a2-4f06-b3d8-1e6a0c4f2b77',
                organizationId: '3f1c9a52-0b7e-4d38-8a61-5be0c2d7f914',
                correlationId: undefined,
                language: 'en-US',
                participant: { id: '1', ani: '', aniName: '', dnis: '' },
                inputVariables: {},
            },
            {
                mode,
                masks: true,
                onLine: (line) => {
                    this.lines.push(structuredClone(line));
                    if ('head' in line) journal ??= this.journals.begin(line.head);
                    journal?.write(line);
                },
                onEnd: (document) => (this.document = document),
            },
        );
        this.history.attach(bot, 'fake', undefined);
    }

    /** The service tells of a call of a function. */
    told(call: FunctionCallRecord): void {
        this.bot.emit('transcript', { speaker: 'function', itemId: call.callId, call });
    }

    /** The function is over. */
    ran({ callId, name }: Pick<FunctionCallRecord, 'callId' | 'name'>): void {
        this.history.toolCalled({ callId, name, ms: 500, outcome: 'ok' });
    }

    /** The functions of the record that is made of the journal, as if the process had died now. */
    async recovered(): Promise<RecordEvent[]> {
        this.history.playbackCompleted();
        const path = join(this.folder, '2026-11-22', `${SESSION}.open.jsonl`);
        await this.journals.start();
        await until('the journal is written', () => {
            this.clock.advance(1000);
            return existsSync(path) && readFileSync(path, 'utf8').includes('"kind":"playback"');
        });
        return functionsOf(await readJournal(path));
    }

    /** Those of the record of the call when it ends. */
    ended(): RecordEvent[] {
        this.history.end(FIGURES);
        return functionsOf(this.document);
    }

    async close(): Promise<void> {
        await this.journals.stop();
        rmSync(this.folder, { recursive: true });
    }
}

function functionsOf(document: CallDocument | undefined): RecordEvent[] {
    if (document === undefined) throw new Error('There is no record.');
    return document.events.filter(({ kind }) => kind === 'tool');
}

describe('the functions of a record that is made of a journal', () => {
    let call: RecordedCall;

    afterEach(() => call.close());

    async function expectEqual(...content: object[]): Promise<void> {
        const recovered = await call.recovered();
        expect(recovered).toMatchObject(content);
        expect(recovered).toEqual(call.ended());
    }

    it('have the arguments that were told with the output, in the one line of the output', async () => {
        call = new RecordedCall();
        // As the Realtime API tells it: first the place of the call, and its arguments when they are written.
        call.told({ ...PAY, argumentsJson: '', output: undefined });
        call.ran(PAY);
        const before = call.lines.length;
        call.told({ ...PAY, output: '{"ok":true}' });
        expect(call.lines.slice(before)).toEqual([
            { output: { callId: 'c1', argumentsJson: '{"sum":40}', output: '{"ok":true}' } },
        ]);
        await expectEqual({ argumentsJson: '{"sum":40}', output: '{"ok":true}' });
    });

    it('have the arguments that were told before the function was over, which no second line repeats', async () => {
        call = new RecordedCall();
        call.told({ ...PAY, output: undefined });
        call.ran(PAY);
        call.told({ ...PAY, output: '{"ok":true}' });
        expect(call.lines.at(-1)).toEqual({ output: { callId: 'c1', output: '{"ok":true}' } });
        await expectEqual({ argumentsJson: '{"sum":40}', output: '{"ok":true}' });
    });

    it('have the arguments of one whose output was not known yet', async () => {
        call = new RecordedCall();
        call.told({ ...PAY, argumentsJson: '', output: undefined });
        call.ran(PAY);
        call.told({ ...PAY, output: undefined });
        await expectEqual({ argumentsJson: '{"sum":40}' });
    });

    it('have the arguments of the keypad, and no digits of it', async () => {
        call = new RecordedCall();
        const typed = { callId: 'c2', name: 'collect_digits', argumentsJson: '{"name":"meter"}' };
        call.told({ ...typed, argumentsJson: '', output: undefined });
        call.ran(typed);
        call.told({ ...typed, output: '{"digits":"482139"}' });
        expect(JSON.stringify(call.lines)).not.toContain('482139');
        await expectEqual({ argumentsJson: '{"name":"meter"}' });
    });

    it('have the arguments masked as in the record', async () => {
        call = new RecordedCall();
        const sent = { callId: 'c3', name: 'send_bill', argumentsJson: '{"to":"ada@example.com","month":5}' };
        call.told({ ...sent, argumentsJson: '', output: undefined });
        call.ran(sent);
        call.told({ ...sent, output: '{}' });
        expect(JSON.stringify(call.lines)).not.toContain('ada@');
        await expectEqual({ argumentsJson: '{"to":"[email]","month":5}' });
    });

    it('belong to their own call, where two run at the same time', async () => {
        call = new RecordedCall();
        const other = { callId: 'c4', name: 'pay', argumentsJson: '{"sum":7}' };
        for (const each of [PAY, other]) call.told({ ...each, argumentsJson: '', output: undefined });
        for (const each of [other, PAY]) call.ran(each);
        for (const each of [PAY, other]) call.told({ ...each, output: '{}' });
        await expectEqual({ callId: 'c4', argumentsJson: '{"sum":7}' }, { callId: 'c1', argumentsJson: '{"sum":40}' });
    });

    it('have none in the mode metadata, and no line for them', async () => {
        call = new RecordedCall('metadata');
        call.told({ ...PAY, argumentsJson: '', output: undefined });
        call.ran(PAY);
        const before = call.lines.length;
        call.told({ ...PAY, output: '{"ok":true}' });
        expect(call.lines).toHaveLength(before);
        const [tool] = await call.recovered();
        expect(tool).not.toHaveProperty('argumentsJson');
        expect(tool).not.toHaveProperty('output');
    });
});
