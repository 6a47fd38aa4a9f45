import type { Clock } from '../../support/clock';
import type { Logger } from '../../support/logger';
import type { DigitRequest } from '../dtmf-service';
import { DEFAULT_TOOLS } from './create-tools';
import type { CallFacts, Tool, ToolRecord } from './tool';
import { ToolRunner } from './tool-runner';
import { Toolbox } from './toolbox';

/** What a conversation is given for its tools. */
export interface CallToolsDeps {
    clock: Clock;
    logger: Logger;
    /** What the model can do beside talking. Default: hang up, and have the caller type digits. */
    tools?: readonly Tool[] | Toolbox;
    /** What tools may know of the call. Default: nothing, and no output variables. */
    callFacts?: CallFacts;
    /** Hears of every call of a tool, once, when it is over: for the record of the telephone call. */
    onTool?: (record: ToolRecord) => void;
    /** A tool takes longer than a moment, and the caller hears nothing: he should hear something, `words` if there are any. Default: the voice
     * that reads aloud says it. */
    onSlowTool?: (words: string | undefined) => void;
}

const NO_FACTS: CallFacts = {
    botName: '',
    conversationId: '',
    inputVariables: {},
    setVariable: () => 'This call has no such variable.',
};

/** The runner of one call. `collectDigits` hands a request for digits to the call; false: nobody takes it. */
export function runnerFor(deps: CallToolsDeps, collectDigits: (request: DigitRequest) => boolean): ToolRunner {
    const { clock, logger, tools = DEFAULT_TOOLS, callFacts = NO_FACTS, onTool } = deps;
    const box = tools instanceof Toolbox ? tools : new Toolbox(tools);
    const { botName, conversationId, inputVariables } = callFacts;
    const setVariable = (name: string, value: string): string | undefined => callFacts.setVariable(name, value);
    const call = { botName, conversationId, inputVariables, setVariable, collectDigits, logger };
    return new ToolRunner(box, { clock, call, onRecord: onTool });
}
