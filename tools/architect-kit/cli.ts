/**
 * Writes the Architect kit: for each bot its variables and an inbound call flow, and CX as Code for all.
 * `npm run architect`, or `npm run architect -- bots-folder kit-folder`. Ends with 1 when a profile is broken.
 */
import { join } from 'node:path';
import { config as loadDotenv } from 'dotenv';
import { SHIPPED_BOTS } from '../../src/config/shipped-bots';
import { CodedError } from '../../src/support/errors';
import { architectKit, readProfiles, writeKit } from './kit';
import { answerHelp } from '../usage';

const ROOT = join(__dirname, '..', '..');

/** What was done or what is wrong, and whether all is well. */
export function makeKit(botsFolder: string, kitFolder: string): { isRight: boolean; text: string } {
    try {
        const kit = architectKit(readProfiles(botsFolder));
        writeKit(kitFolder, kit);
        return { isRight: true, text: `${[...kit.keys()].map((path) => join(kitFolder, path)).join('\n')}\n` };
    } catch (fault) {
        if (!(fault instanceof CodedError)) throw fault;
        return { isRight: false, text: `${fault.code}: ${fault.message}\n${fault.cure}\n` };
    }
}

/** Where the server looks too. */
function botsFolder(): string {
    const folder = process.env['BOTS_FOLDER']?.trim() ?? '';
    return folder === '' ? SHIPPED_BOTS : folder;
}

const USAGE = `Writes the Architect kit: for each bot its variables and an inbound call flow, and CX as Code for all.

  npm run architect                              (from BOTS_FOLDER or bots/ into deploy/genesys)
  npm run architect -- BOTS_FOLDER KIT_FOLDER

Exit code: 0 written, 1 a profile cannot be used; nothing is written then.`;

function main(): void {
    answerHelp(USAGE);
    loadDotenv({ quiet: true });
    const [bots = botsFolder(), kit = join(ROOT, 'deploy', 'genesys')] = process.argv.slice(2);
    const { isRight, text } = makeKit(bots, kit);
    (isRight ? process.stdout : process.stderr).write(text);
    process.exitCode = isRight ? 0 : 1;
}

if (require.main === module) main();
