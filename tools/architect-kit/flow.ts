/** An inbound call flow for one bot, in the YAML of Archy and CX as Code. */
import type { BotProfile } from '../../src/services/profiles/schema';
import { plainLine } from '../../src/services/profiles/variables';
import { variablesOf, type BotInput, type BotVariables } from './bot-variables';
import { reasonsFor, type Route } from './end-reasons';
import * as act from './flow-actions';
import { Noted, Substitution, yamlDocument, type YamlMap, type YamlValue } from './yaml';

const TALK = 'Talk to the bot_10';
const AFTER = 'After the conversation_20';
const FAILED = 'The bot is not available_30';
const AGENT = 'Hand to an agent_40';
const QUEUE = 'Flow.queue';
const ERROR_TYPE = 'Flow.connector_error_type';
const ERROR_MESSAGE = 'Flow.connector_error_message';
const EXCUSE = 'We are sorry, our assistant is not available at the moment. Please hold the line for a colleague.';
const NO_AGENT = 'We are sorry, no one can take your call at the moment. Please call again later.';

/** What Archy and CX as Code are to fill in, and with what. */
export const FLOW_SUBSTITUTIONS: Readonly<Record<string, string>> = {
    flow_name: 'Name of the flow in Architect.',
    division: 'Division that the flow belongs to, such as Home.',
    integration_name: 'Name of the Audio Connector integration, as it stands in Admin.',
    agent_queue: 'Name of the queue that takes callers whom the bot hands over.',
};

/** The text of `flow.yaml`. */
export function flowFile(profile: BotProfile): string {
    const variables = variablesOf(profile);
    return yamlDocument(notesFor(profile), { inboundCall: inboundCall(profile, variables) });
}

function notesFor({ name }: BotProfile): string[] {
    return [
        `Inbound call flow of the bot ${name}. Written by npm run architect; change the profile, not this file.`,
        '',
        'NOT PROVEN against a live Genesys organization. The form is that of published exports; places that no export was',
        'found for are marked. docs/GENESYS-SETUP.md says how to import it, and what to do where it is refused.',
        '',
        'To be filled in, as an options file of Archy or as substitutions of CX as Code:',
        ...Object.entries(FLOW_SUBSTITUTIONS).map(([key, what]) => `- ${key}: ${what}`),
    ];
}

function inboundCall(profile: BotProfile, variables: BotVariables): YamlMap {
    const language = languageOf(profile);
    return {
        name: new Substitution('flow_name'),
        description: plainLine(profile.description ?? `Calls the bot ${profile.name}.`),
        division: new Substitution('division'),
        startUpRef: act.taskPath(TALK),
        defaultLanguage: language,
        supportedLanguages: { [language]: { defaultLanguageSkill: { noValue: true } } },
        initialGreeting: new Noted(['The bot greets. Here is a tenth of a second of silence.'], act.silence()),
        variables: flowVariables(variables),
        settingsErrorHandling: {
            errorHandling: { disconnect: { none: true } },
            preHandlingAudio: { tts: NO_AGENT },
        },
        tasks: [
            act.task('Talk to the bot', TALK, [talk(profile, variables)]),
            act.task('After the conversation', AFTER, [afterTalk(variables)]),
            act.task('The bot is not available', FAILED, FAILURE),
            act.task('Hand to an agent', AGENT, handOver(variables)),
        ],
    };
}

/** Architect writes `en-us`; a language that it may not know becomes that too. */
function languageOf({ language = '' }: BotProfile): string {
    const lower = language.toLowerCase();
    return /^[a-z]{2}-[a-z]{2}$/.test(lower) ? lower : 'en-us';
}

function flowVariables({ inputs, outputs }: BotVariables): YamlValue[] {
    return [
        ...inputs.map(inputVariable),
        ...outputs.map(({ flowName }) => act.textVariable(flowName)),
        act.textVariable(ERROR_TYPE),
        act.textVariable(ERROR_MESSAGE),
        ...(choosesQueue(outputs) ? [act.queueVariable(QUEUE)] : []),
    ];
}

function inputVariable({ flowName, required, default: given }: BotInput): YamlValue {
    const variable = act.textVariable(flowName, given === undefined ? undefined : plainLine(String(given)));
    if (!required) return variable;
    return new Noted(['Required: give it a value before the bot is called.'], variable);
}

function talk(profile: BotProfile, { inputs, outputs }: BotVariables): YamlValue {
    return act.callAudioConnector({
        connectorId: profile.name,
        inputs: inputs.map(({ name, flowName }) => [name, flowName]),
        outputs: outputs.map(({ name, flowName }) => [name, flowName]),
        errorType: ERROR_TYPE,
        errorMessage: ERROR_MESSAGE,
        success: [act.jumpTo('After the conversation', AFTER)],
        failure: [act.jumpTo('The bot is not available', FAILED)],
    });
}

const EXCUSED: readonly YamlValue[] = [act.say('Excuse', EXCUSE), act.jumpTo('To an agent', AGENT)];
const FAILURE: readonly YamlValue[] = [
    act.participantData('Keep why', [
        ['bot_connector_error_type', ERROR_TYPE],
        ['bot_connector_error_message', ERROR_MESSAGE],
    ]),
    ...EXCUSED,
];

/** A reason that this flow does not know is treated as a failure: the caller is not dropped. */
function afterTalk({ outputs }: BotVariables): YamlMap {
    const isFor = (route: Route): string =>
        act.isOneOf(flowNameOf('end_reason', outputs), reasonsFor('success', route));
    const cases = [
        { condition: isFor('agent'), actions: [act.jumpTo('To an agent', AGENT)] },
        { condition: isFor('end'), actions: [act.disconnect('The call is over')] },
        { condition: isFor('excuse'), actions: EXCUSED },
    ];
    return act.firstTrue('Why has the bot ended?', cases, EXCUSED);
}

function handOver({ outputs }: BotVariables): YamlValue[] {
    const told = outputs.filter(({ kind, name }) => kind !== 'call' || name === 'end_reason');
    const attributes = told.map(({ name, flowName }): [string, string] => [`bot_${name}`, flowName]);
    return [
        new Noted(
            ['What an agent may see of the conversation. Take out what is not for a record.'],
            act.participantData('Keep what the bot found out', attributes),
        ),
        ...(choosesQueue(outputs) ? toChosenQueue(outputs) : [toUsualQueue()]),
        act.disconnect('No agent could take the call'),
    ];
}

const NO_TRANSFER: readonly YamlValue[] = [act.say('No agent is there', NO_AGENT)];

function toUsualQueue(): YamlMap {
    const queue = { lit: { name: new Substitution('agent_queue') } };
    return act.transferToQueue('Transfer to the agents', queue, NO_TRANSFER);
}

/** The queue that the bot named, where there is one of this name. */
function toChosenQueue(outputs: BotVariables['outputs']): YamlValue[] {
    const named = flowNameOf('transfer_queue', outputs);
    return [
        act.unless('Has the bot named no queue?', `IsNotSetOrEmpty(${named})`, [
            act.findQueue('Find the queue', named, QUEUE),
        ]),
        act.unless('Is it there?', `IsSet(${QUEUE})`, [
            act.setQueue('Else the usual one', QUEUE, new Substitution('agent_queue')),
        ]),
        act.transferToQueue('Transfer to the queue', { exp: QUEUE }, NO_TRANSFER),
    ];
}

function flowNameOf(wanted: string, outputs: BotVariables['outputs']): string {
    return outputs.find(({ name }) => name === wanted)?.flowName ?? '';
}

/** The tool names it, or the local dialog does. */
function choosesQueue(outputs: BotVariables['outputs']): boolean {
    return outputs.some(({ name }) => name === 'transfer_queue');
}
