/** The bare relay, in a process of its own: listens on PORT, and connects to SERVICE_URL. */
import { BareRelay } from './relay';

void new BareRelay(process.env['SERVICE_URL'] ?? '').start(Number(process.env['PORT']));
process.on('SIGTERM', () => process.exit(0));
