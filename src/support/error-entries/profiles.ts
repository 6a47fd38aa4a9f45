import { entry, type ErrorDescription } from './entry';

/** Codes of the bot profiles. */
export const PROFILE_ERRORS = {
    ERR_PROFILE: entry(
        'operator',
        'A bot profile cannot be used.',
        'Correct the places that the message names: file, then setting. `npm run bots:check` reads all profiles without starting the server. An edit that came while calls are running has no effect until it is right; the last good profile answers.',
    ),
    ERR_PROFILE_FOLDER: entry(
        'operator',
        'The folder of the bot profiles cannot be read or watched.',
        'Look at its path and its permissions. When it cannot be watched, changes of profiles count from the next start on.',
    ),
    ERR_INPUT_VARIABLES: entry(
        'operator',
        'Input variables of a call are not as its bot needs them; the call goes on.',
        'Compare the inputs of the Architect action with the bot’s inputVariables (`npm run bots:check`). The line names them: missing, cut because they are too long, or unfit because they are of another type.',
    ),
    ERR_EXTENSIONS: entry(
        'operator',
        'The extensions cannot be used.',
        'Correct the module that EXTENSIONS names, or what is given to new Server, at the key that the message names; examples/README.md shows each kind.',
    ),
} as const satisfies Record<string, ErrorDescription>;
