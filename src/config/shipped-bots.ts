import { join } from 'node:path';

/** The folder of the bot profiles that come with the server; a sibling of `src` and of `dist`. */
export const SHIPPED_BOTS = join(__dirname, '..', '..', 'bots');
