/** The rules that hold between the parts of a profile. Each gives a place and a sentence when it is broken. */
import { dialogTexts, dialogVariables, saysSomething } from './dialog-texts';
import { breachesAt as at, type RuleBreach, type RuleSubject } from './rule';
import { hasStrayBraces, placeholdersIn } from './template';
import { brokenToolRules } from './tool-rules';
import { RESERVED_OUTPUT_NAMES, TRANSFER_OUTPUT_VARIABLES, type InputVariable } from './variable-schema';
import { asType, plainLine } from './variable-values';

/** Every broken rule. Instructions in a file are not looked at: `placeholderProblems` is for whoever reads it. */
export function brokenProfileRules(profile: RuleSubject): RuleBreach[] {
    const { instructions, greeting = '', inputVariables, outputVariables } = profile;
    const texts = { instructions: typeof instructions === 'string' ? instructions : '', greeting };
    return [
        ...Object.entries(texts).flatMap(([name, text]) => at([name], undeclared(text, inputVariables))),
        ...Object.entries(inputVariables).flatMap(([name, each]) => at(['inputVariables', name], brokenInput(each))),
        ...Object.keys(outputVariables).flatMap((name) => at(['outputVariables', name], reserved(name))),
        ...brokenToolRules(profile),
        ...at(['dialog'], brokenDialog(profile)),
    ];
}

/** What is wrong with the placeholders of a text that was read from a file. */
export function placeholderProblems(text: string, declared: Readonly<Record<string, InputVariable>>): string[] {
    const stray = hasStrayBraces(text) ? ['has double braces that are no placeholder; right is {{name}}'] : [];
    return [...stray, ...undeclared(text, declared)];
}

function undeclared(text: string, declared: Readonly<Record<string, InputVariable>>): string[] {
    return placeholdersIn(text)
        .filter((name) => !Object.hasOwn(declared, name))
        .map((name) => `{{${name}}} is not declared in inputVariables`);
}

function brokenInput({ type, default: given, required, maxLength }: InputVariable): string[] {
    if (given === undefined) return [];
    if (required) return ['is required and has a default; right is only one of them'];
    const text = plainLine(String(given));
    if (asType(type, text) === undefined) return [`has a default that is no ${type}`];
    return text.length > maxLength ? [`has a default of more than ${maxLength} characters`] : [];
}

function reserved(name: string): string[] {
    return RESERVED_OUTPUT_NAMES.has(name) ? ['is set by the call itself, and cannot be declared'] : [];
}

function brokenDialog({ dialog, inputVariables, outputVariables }: RuleSubject): string[] {
    if (dialog === undefined) return [];
    const texts = dialogTexts(dialog).flatMap((text) => placeholderProblems(text, inputVariables));
    const empty = dialogTexts(dialog)
        .filter((text) => !saysSomething(text))
        .map((text) => `says nothing where a value is missing: ${JSON.stringify(text)}`);
    const strangers = dialogVariables(dialog)
        .filter((name) => !Object.hasOwn(outputVariables, name) && !Object.hasOwn(TRANSFER_OUTPUT_VARIABLES, name))
        .map((name) => `sets ${name}, which is not declared in outputVariables`);
    return [...new Set([...texts, ...empty, ...strangers])];
}
