import type { MediaParameter } from '../../../protocol/core';
import { chooseMedia } from '../../../protocol/media';
import type { ClientMessageOf, OpenParameters, OpenedParameters } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** Sent to a client that asks for them. The bot recognizes the language; no bot is limited to these. */
const LANGUAGES = ['en-US', 'en-GB', 'es-ES', 'es-US', 'fr-FR', 'de-DE', 'it-IT', 'pt-BR', 'nl-NL', 'ja-JP'];

/**
 * `open`: the client's first message. `opened` is due within 5 s, and never waits for the bot's backend: the bot is looked up here,
 * and starts when `opened` has been sent (docs/PROTOCOL.md, 3.1 to 3.5).
 */
export class OpenMessageHandler implements MessageHandler<'open'> {
    handleMessage(message: ClientMessageOf<'open'>, session: SessionPort): void {
        const { parameters } = message;
        if (!session.allowsOrganization(parameters.organizationId)) {
            session.sendDisconnect('unauthorized', 'Organization not allowed');
            return;
        }
        if (!session.hasRoom()) {
            session.sendDisconnect('error', 'The server is full');
            return;
        }
        session.beginOpening(parameters);
        this.open(parameters, session).catch((fault: unknown) => {
            session.processFault(fault);
        });
    }

    private async open(parameters: OpenParameters, session: SessionPort): Promise<void> {
        const bot = await session.checkIfBotExists();
        if ('unknown' in bot) {
            session.sendDisconnect('error', `There is no bot named ${JSON.stringify(bot.unknown)}`);
            return;
        }
        const media = chooseMedia(parameters.media, bot.listensOnly);
        if (media === undefined) {
            const info = 'No supported media: PCMU, 8000 Hz, external channel expected';
            session.fail('ERR_MEDIA_UNSUPPORTED', info, offered(parameters.media));
            return;
        }
        const opened: OpenedParameters = { startPaused: false, media: media.item === undefined ? [] : [media.item] };
        session.completeOpening(
            media,
            parameters.supportedLanguages === true ? { ...opened, supportedLanguages: LANGUAGES } : opened,
        );
    }
}

const MAX_LOGGED_CHARACTERS = 200;

/** The offer as one line for the log, such as `PCMU 8000 internal; L16 16000 external`. */
function offered(media: readonly MediaParameter[]): string {
    const items = media.map(({ format, rate, channels }) => `${format} ${rate} ${channels.join(',')}`);
    return items.join('; ').slice(0, MAX_LOGGED_CHARACTERS);
}
