import type { ClientMessageOf } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** `update`: the language of the conversation changed; answered with `updated`. */
export class UpdateMessageHandler implements MessageHandler<'update'> {
    handleMessage(message: ClientMessageOf<'update'>, session: SessionPort): void {
        session.processLanguage(message.parameters.language);
        session.reply('updated');
    }
}
