import { chooseMedia } from '../../../protocol/media';
import type { ClientMessageOf, OpenParameters, OpenedParameters } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** Told to a client that asks. Recognition is the bot's: it takes whatever language it is spoken to in. */
const LANGUAGES = ['en-US', 'en-GB', 'es-ES', 'es-US', 'fr-FR', 'de-DE', 'it-IT', 'pt-BR', 'nl-NL', 'ja-JP'];

/**
 * `open`: the client's first message. `opened` is due within 5 s, and never waits for the bot's backend: the bot is
 * found here, and starts when `opened` has been sent (protocol sheet, sections 6.2 to 6.5).
 */
export class OpenMessageHandler implements MessageHandler<'open'> {
    handleMessage(message: ClientMessageOf<'open'>, session: SessionPort): void {
        const { parameters } = message;
        if (!session.allowsOrganization(parameters.organizationId)) {
            session.sendDisconnect('unauthorized', 'Organization not allowed');
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
            session.sendDisconnect('error', 'No supported media: PCMU, 8000 Hz, external channel expected');
            return;
        }
        const opened: OpenedParameters = { startPaused: false, media: media.item === undefined ? [] : [media.item] };
        session.completeOpening(
            media,
            parameters.supportedLanguages === true ? { ...opened, supportedLanguages: LANGUAGES } : opened,
        );
    }
}
