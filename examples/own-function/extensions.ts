import type { ServerExtensions } from '../../src/extensions';
import { systemClock } from '../../src/support/clock';
import { OFFICE, openingHoursTool } from './opening-hours';

/** `EXTENSIONS=examples/own-function/extensions.ts npm start` */
const extensions: ServerExtensions = { functions: [openingHoursTool(OFFICE, systemClock)] };
export default extensions;
