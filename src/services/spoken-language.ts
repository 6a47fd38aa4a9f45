/** Whether the local voice can read what a bot says. Only flite is known to read one language alone: English. */
import type { LocalSpeechConfig } from '../config/config';
import { dialogTexts } from './profiles/dialog-texts';
import type { BotProfile } from './profiles/schema';

type Spoken = Pick<BotProfile, 'language' | 'dialog' | 'tools'>;

/** Why the voice cannot read the bot's words, in words for the author; undefined: it can, or it is not known. */
export function languageProblem(profile: Spoken, { tts }: Pick<LocalSpeechConfig, 'tts'>): string | undefined {
    if (tts !== 'flite') return undefined;
    const { language } = profile;
    if (language !== undefined && !/^en(g?$|g?-)/i.test(language)) return `language is ${language}`;
    const texts = spokenTexts(profile);
    if (texts.some((text) => isForeignScript(text))) return 'its dialog is in letters that are not Latin';
    const guessed = language === undefined ? guessedLanguage(texts.join(' ')) : undefined;
    return guessed === undefined ? undefined : `its dialog looks like ${guessed}`;
}

/** What the local voice says for a bot. */
function spokenTexts({ dialog, tools }: Spoken): string[] {
    const fillers = tools.flatMap((tool) => ('filler' in tool ? (tool.filler ?? []) : []));
    if (dialog === undefined) return fillers;
    const choices = Object.values(dialog.menus).flatMap((menu) => menu.choices);
    return [...dialogTexts(dialog), ...choices.flatMap(({ label, offer = '' }) => [label, offer]), ...fillers];
}

/** More than a fifth: a name in a sentence does not count. */
function isForeignScript(text: string): boolean {
    const letters = text.match(/\p{L}/gu) ?? [];
    const foreign = letters.filter((letter) => !/\p{Script=Latin}/u.test(letter));
    return foreign.length > 0 && foreign.length * 5 > letters.length;
}

/** Words that sentences of a language can hardly do without, and that are none of English. */
const COMMON_WORDS: Readonly<Record<string, string>> = {
    German: 'der das und ist nicht sie wir für mit ein eine auf zu bitte ich ihnen ihre',
    French: 'le la les et est pas vous nous pour avec un une des je votre merci',
    Spanish: 'el los las y es usted para con un una por su pulse gracias le en',
    Italian: 'il lo gli e è per con un una di che non prema grazie la si',
    Portuguese: 'os as e é não para com um uma por seu prima obrigado o em',
    Dutch: 'de het een en niet u wij voor met op uw druk ik kunt dank',
};
const ENGLISH = new Set('the and is are not you we for with your to of press please i what can'.split(' '));
/** Fewer common words than this are an accident. */
const LEAST_WORDS = 4;

/** The language that a text is in most likely, if that is not English; undefined: English, too short, or not known. */
function guessedLanguage(text: string): string | undefined {
    const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
    const english = words.filter((word) => ENGLISH.has(word)).length;
    const counts = Object.entries(COMMON_WORDS).map(([language, list]) => {
        const common = new Set(list.split(' '));
        return { language, count: words.filter((word) => common.has(word)).length };
    });
    const [best] = counts.sort((a, b) => b.count - a.count);
    return best !== undefined && best.count >= LEAST_WORDS && best.count > 2 * english ? best.language : undefined;
}
