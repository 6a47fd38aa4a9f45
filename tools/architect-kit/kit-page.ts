import type { BotProfile } from '../../src/services/profiles/schema';
import { FLOW_SUBSTITUTIONS } from './flow';
import { code, plainText, table } from './markdown';

/** The text of `deploy/genesys/README.md`: what lies here, and how far it can be trusted. */
export function kitPage(profiles: readonly BotProfile[]): string {
    const bots = profiles.map(({ name, description = '' }) => [
        code(name),
        plainText(description),
        `[variables](${name}/variables.md)`,
        `[flow](${name}/flow.yaml)`,
    ]);
    const substitutions = Object.entries(FLOW_SUBSTITUTIONS).map(([name, what]) => [code(name), plainText(what)]);
    const parts = [
        '# Architect kit',
        'Written by `npm run architect` from the bot profiles; run it after a change of a profile. Nothing here is edited by hand.',
        table(['Bot', 'What it is for', 'To set up by hand', 'To import'], bots, 'There is no bot.'),
        'The way from nothing to a first call is in [docs/GENESYS-SETUP.md](../../docs/GENESYS-SETUP.md).',
        '## What a flow needs to be told',
        table(['Substitution', 'What it is'], substitutions, ''),
        HOW_TO_TELL,
        '## What a flow does',
        WHAT_IT_DOES,
        '## How far this is proven',
        PROVEN,
    ];
    return `${parts.join('\n\n')}\n`;
}

const HOW_TO_TELL =
    'With Archy, put them into an options file; with CX as Code, [main.tf](main.tf) does it. They are put into the text as ' +
    'they are: no double quotes and no backslashes in them.';

const WHAT_IT_DOES = [
    '1. Calls the bot: Connector ID, every declared input, every output.',
    '2. On the success path, looks at `end_reason`: to an agent, or hang up. A reason that it does not know goes to an agent.',
    '3. On the failure path, says a word of excuse, and hands the caller to an agent.',
    '4. Before an agent gets the call, keeps what the bot found out as participant data (`bot_…`), for scripts and reports.',
].join('\n');

const PROVEN = [
    'None of it was run against a live Genesys organization. What it rests on:',
    '',
    '| Part | Rests on |',
    '| --- | --- |',
    '| variables.md | the source of this server: the same declarations that it checks calls against |',
    '| flow.yaml: variables, tasks, switch, decision, queues, transfer, prompts | the form of published exports |',
    '| flow.yaml: `sessionVariables`, `outputSessionVariables`, `failureOutputs` | exports of sister actions for other bots |',
    '| flow.yaml: `setParticipantData`, `jumpToTask` | exports of sister actions (conversation data, calling a task) |',
    '| flow.yaml: `callAudioConnector`, `audioConnector`, `connectorId` | **not proven**: no published export of this action was found |',
    '| main.tf: resources and their arguments | the documentation of the provider, 1.73 |',
    '| main.tf: `audio-connector`, `audioHook`, `baseUri`, `apiKey`, `clientSecret` | what a published program sends to the platform API for this integration |',
].join('\n');
