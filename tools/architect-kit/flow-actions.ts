/** The actions of an Architect flow that the kit uses, as they stand in a flow that Archy exports. */
import { keyOf, Noted, Substitution, type YamlMap, type YamlValue } from './yaml';

const NO_VALUE = { noValue: true };
/** A tenth of a second of nothing: where Architect wants a sound and the bot has said everything. */
const SILENCE = { exp: 'AudioPlaybackOptions(ToAudioBlank(100), true)' };

/** A text in an expression of Architect. */
function expressionText(text: string): string {
    return JSON.stringify(text);
}

/** True where a text variable holds one of the values. */
export function isOneOf(flowName: string, values: readonly string[]): string {
    return values.map((value) => `${flowName} == ${expressionText(value)}`).join(' or ');
}

export function silence(): YamlMap {
    return SILENCE;
}

export function textVariable(name: string, initial?: string): YamlMap {
    return { stringVariable: { name, initialValue: initial === undefined ? NO_VALUE : { lit: initial } } };
}

export function queueVariable(name: string): YamlMap {
    return { queueVariable: { name, initialValue: NO_VALUE } };
}

export function task(name: string, refId: string, actions: readonly YamlValue[]): YamlMap {
    return { task: { name, refId, actions } };
}

/** The path that other parts of a flow know a task by. */
export function taskPath(refId: string): string {
    return `/inboundCall/tasks/task[${refId}]`;
}

export interface ConnectorCall {
    /** What is appended to the Base Connection URI. */
    readonly connectorId: string;
    /** Name of the input variable, and the variable of the flow that holds its value. */
    readonly inputs: readonly (readonly [name: string, flowName: string])[];
    readonly outputs: readonly (readonly [name: string, flowName: string])[];
    readonly errorType: string;
    readonly errorMessage: string;
    readonly success: readonly YamlValue[];
    readonly failure: readonly YamlValue[];
}

/**
 * The action itself. The lists of variables and the names of the failure outputs are those that Architect's scripting and the
 * exports of its sister actions use; how the integration and the Connector ID are nested here is not proven.
 */
export function callAudioConnector(call: ConnectorCall): Noted {
    const integration = {
        connectorId: { lit: call.connectorId },
        failureOutputs: { errorType: { var: call.errorType }, errorMessage: { var: call.errorMessage } },
    };
    const action = {
        name: 'Call Audio Connector',
        outputSessionVariables: call.outputs.map(([name, variable]) => ({
            outputSessionVariable: { name: { lit: name }, variable },
        })),
        sessionVariables: call.inputs.map(([name, variable]) => ({
            sessionVariable: { name: { lit: name }, value: { exp: variable } },
        })),
        audioConnector: { [keyOf(new Substitution('integration_name'))]: integration },
        outputs: { success: { actions: call.success }, failure: { actions: call.failure } },
    };
    return new Noted(UNPROVEN, { callAudioConnector: action });
}

const UNPROVEN = [
    'NOT PROVEN: the spelling of this one action (callAudioConnector, audioConnector, connectorId). If Archy refuses it,',
    'delete it, import the rest, and add the action here by hand, as variables.md says: success leads to the task',
    'After the conversation, failure to the task The bot is not available.',
];

export function say(name: string, text: string): YamlMap {
    return { playAudio: { name, audio: { tts: text } } };
}

export function jumpTo(name: string, refId: string): YamlMap {
    return { jumpToTask: { name, targetTaskRef: taskPath(refId) } };
}

export function disconnect(name: string): YamlMap {
    return { disconnect: { name } };
}

/** What an agent's script may show: name of the attribute and the variable of the flow. */
export function participantData(name: string, attributes: readonly (readonly [string, string])[]): YamlMap {
    const rows = attributes.map(([attribute, variable]) => ({
        attribute: { name: { lit: attribute }, value: { exp: variable } },
    }));
    return { setParticipantData: { name, attributes: rows } };
}

export interface SwitchCase {
    readonly condition: string;
    readonly actions: readonly YamlValue[];
}

/** The first case that is true, else the default. */
export function firstTrue(name: string, cases: readonly SwitchCase[], otherwise: readonly YamlValue[]): YamlMap {
    const rows = cases.map(({ condition, actions }) => ({ case: { value: { exp: condition }, actions } }));
    return { switch: { name, evaluate: { firstTrue: { default: { actions: otherwise }, cases: rows } } } };
}

/** Does something where a condition does not hold. */
export function unless(name: string, condition: string, actions: readonly YamlValue[]): YamlMap {
    return { decision: { name, condition: { exp: condition }, outputs: { no: { actions } } } };
}

export function findQueue(name: string, nameIn: string, result: string): YamlMap {
    return { findQueue: { name, findName: { exp: nameIn }, findResult: { var: result } } };
}

export function setQueue(name: string, variable: string, queue: Substitution): YamlMap {
    return { updateData: { name, statements: [{ queue: { variable, value: { lit: { name: queue } } } }] } };
}

export function transferToQueue(name: string, targetQueue: YamlMap, onFailure: readonly YamlValue[]): YamlMap {
    return {
        transferToAcd: {
            name,
            targetQueue,
            preTransferAudio: SILENCE,
            failureTransferAudio: SILENCE,
            priority: { lit: 0 },
            preferredAgents: NO_VALUE,
            languageSkill: NO_VALUE,
            failureOutputs: { errorType: NO_VALUE, errorMessage: NO_VALUE },
            outputs: { failure: { actions: onFailure } },
        },
    };
}
