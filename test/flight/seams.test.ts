import { FLIGHT_VERSION, type FlightHeader } from '../../src/flight/format';
import type { FlightPort } from '../../src/flight/port';
import { FlightRecorder } from '../../src/flight/recorder';
import { callSeams } from '../../src/flight/seams';
import { Secrets } from '../../src/flight/secrets';
import type { DigitRequest } from '../../src/services/dtmf-service';
import type { CallContext, Tool, ToolResult } from '../../src/services/functions/tool';
import { Toolbox } from '../../src/services/functions/toolbox';
import { CodedError } from '../../src/support/errors';
import { silentLogger } from '../../src/support/logger';
import { flightOf, type Flight } from '../../tools/replay/flight-reader';
import { Player, type Difference } from '../../tools/replay/player';
import { FakeClock } from '../support/fake-clock';

const HEADER: FlightHeader = {
    flight: FLIGHT_VERSION,
    server: '',
    node: '',
    sessionId: '',
    url: '/',
    organizationId: undefined,
    at: '2026-01-01T00:00:00.000Z',
    settings: {
        playbackLeadMs: 600,
        organizations: [],
        maxCallMinutes: 60,
        fallback: 'off',
        forceFallback: 'off',
        hasRest: false,
    },
};

const NOT_MADE = {
    planned: () => undefined,
    loaded: () => Promise.reject(new CodedError('ERR_INTERNAL')),
};

type Port = FlightPort & { output(kind: string, ...parts: readonly unknown[]): void };

/** A call that has one function, and says what it gives. */
class FunctionCall {
    request: DigitRequest | undefined;

    constructor(private readonly port: Port) {}

    begin(tool: Tool): void {
        const [own] = [
            callSeams(this.port, NOT_MADE)
                .toolbox(new Toolbox([tool]))
                .find(tool.name),
        ];
        const call: CallContext = {
            botName: '',
            conversationId: '',
            inputVariables: {},
            logger: silentLogger,
            setVariable: (name, value) => {
                this.port.output('variable', name, value);
                return undefined;
            },
            collectDigits: (request) => {
                this.request = request;
                this.port.output('collect', request.name, request.secure);
                return true;
            },
        };
        own?.run({ of: 'card' }, call, new AbortController().signal).then(
            ({ output, hangUp }: ToolResult) => {
                this.port.output('result', typeof output === 'bigint' ? 'no JSON' : output, hangUp ?? null);
            },
            (fault: unknown) => {
                this.port.output('failed', fault instanceof Error ? fault.message : null);
            },
        );
    }

    typed(digits: string): void {
        this.request?.done({ digits, by: 'length' });
    }
}

async function settled(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Runs the function in a call in which `digits` are typed. @returns the lines of the file */
async function recorded(tool: Tool, digits?: string): Promise<string[]> {
    const lines: string[] = [];
    const file = {
        write: (line: string) => void lines.push(line),
        end: (why: string) => void lines.push(`["end","${why}"]`),
        discard: () => undefined,
    };
    const recorder = new FlightRecorder(HEADER, { clock: new FakeClock(), file, secrets: new Secrets() });
    const call = new FunctionCall(recorder);
    recorder.input('begin', [], () => {
        call.begin(tool);
    });
    await settled();
    if (digits !== undefined)
        recorder.input('digits', ['0'.repeat(digits.length)], () => {
            call.typed(digits);
        });
    await settled();
    recorder.end();
    await settled();
    return lines;
}

async function replayed(flight: Flight, tool: Tool): Promise<Difference | undefined> {
    const other: Tool = { ...tool, run: () => Promise.reject(new Error('It must not run.')) };
    const player = new Player(flight, (kind, [first]) => {
        if (kind === 'begin') call.begin(other);
        else call.typed(String(first));
        return true;
    });
    const call: FunctionCall = new FunctionCall(player);
    return player.play();
}

function functionOf(run: Tool['run']): Tool {
    return { name: 'look_up', description: 'Looks up.', parameters: { type: 'object' }, run };
}

describe('a function in code', () => {
    it('that sets variables and asks for a secret: what it did is replayed, and the secret is nowhere', async () => {
        const tool = functionOf(async (_args, call) => {
            call.setVariable('early', 'yes');
            const { digits } = await new Promise<{ digits: string }>((done) => {
                call.collectDigits({ name: 'card', maxDigits: 4, secure: true, done });
            });
            call.setVariable('late', `got ${digits}`);
            return { output: { card: digits }, hangUp: true };
        });
        const lines = await recorded(tool, '4711');
        expect(lines.join('\n')).not.toContain('4711');
        const flight = flightOf(lines);
        expect(flight.cut).toBeUndefined();
        expect(flight.steps.filter(([sign]) => sign === '>').map(([, kind]) => kind)).toEqual([
            'ask',
            'variable',
            'collect',
            'tell',
            'variable',
            'result',
        ]);
        expect(await replayed(flight, tool)).toBeUndefined();
    });

    it.each([
        ['fails', () => Promise.reject(new Error('no such customer'))],
        [
            'throws at once',
            () => {
                throw new CodedError('ERR_TOOL', 'It is wrong.');
            },
        ],
        ['gives nothing', () => Promise.resolve({ output: undefined })],
        ['gives more than a result', () => Promise.resolve({ output: 1, hangUp: false, other: 1n })],
        ['gives what is no JSON', () => Promise.resolve({ output: 1n })],
    ])('that %s does so in a replay', async (_what, run) => {
        const tool = functionOf(run);
        const flight = flightOf(await recorded(tool));
        const difference = await replayed(flight, tool);
        expect(difference).toBeUndefined();
        expect(flight.steps.length).toBeGreaterThan(2);
    });

    it('that is asked something else is a difference', async () => {
        const tool = functionOf(() => Promise.resolve({ output: 1 }));
        const lines = await recorded(tool);
        const flight = flightOf(lines.map((line) => line.replace('card', 'account')));
        expect(await replayed(flight, tool)).toMatchObject({
            expected: ['>', 'ask', 1, 'function look_up', '{"of":"account"}'],
            came: ['>', 'ask', 1, 'function look_up', '{"of":"card"}'],
        });
    });
});
