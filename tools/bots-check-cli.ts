/**
 * `npm run bots:check`, or `npm run bots:check -- folder`. Ends with 1 and the wrong places when a profile is broken, or a setting of the
 * server, and names what the server would warn of at its start.
 */
import { config as loadDotenv } from 'dotenv';
import { SHIPPED_BOTS } from '../src/config/shipped-bots';
import { listModels } from '../src/speech/model-list';
import { checkBots } from './bots-check';
import { checkSettings } from './settings-check';
import { answerHelp } from './usage';

/** Where the server looks too. */
function botsFolder(): string {
    const folder = process.env['BOTS_FOLDER']?.trim() ?? '';
    return folder === '' ? SHIPPED_BOTS : folder;
}

const USAGE = `Reads all bot profiles as the server does, and says what each needs: in Architect, in the environment, and of tools.
Checks the settings of the server too, and says what it would warn of at its start.

  npm run bots:check                (the folder of BOTS_FOLDER, or bots/)
  npm run bots:check -- FOLDER

Exit code: 0 all can be used, 1 a profile or a setting cannot; the message names the places.`;

async function main(): Promise<void> {
    answerHelp(USAGE);
    loadDotenv({ quiet: true });
    const folder = process.argv[2] ?? botsFolder();
    const bots = checkBots(folder, process.env);
    const settings = await checkSettings(folder, process.env, { listModels });
    for (const { isRight, text } of [settings, bots]) (isRight ? process.stdout : process.stderr).write(text);
    process.exitCode = bots.isRight && settings.isRight ? 0 : 1;
}

void main();
