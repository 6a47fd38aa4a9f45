import type { z } from 'zod';
import { isFields } from '../../src/support/json';
import type { Path } from './yaml-text';

type Schema = z.core.$ZodType;
type Shape = z.core.$ZodShape;

/**
 * The keys that a map at `path` may have. Of several forms, those of the one that has most of the keys of `value`, the map that is written there,
 * and none of `wrong`. Empty: any key may stand there, or no map.
 */
export function rightKeys(schema: Schema, path: Path, value: unknown, wrong: readonly string[]): string[] {
    const forms = path
        .reduce<Schema[]>((schemas, part) => schemas.flatMap((each) => inside(each, part)), [schema])
        .flatMap(plainForms)
        .map(shapeOf)
        .filter((shape) => shape !== undefined)
        .filter((shape) => !wrong.some((key) => Object.hasOwn(shape, key)));
    const written = isFields(value) ? Object.keys(value) : [];
    const known = (shape: Shape): number => written.filter((key) => Object.hasOwn(shape, key)).length;
    const most = Math.max(0, ...forms.map(known));
    return [...new Set(forms.filter((shape) => known(shape) === most).flatMap((shape) => Object.keys(shape)))];
}

function inside(schema: Schema, part: PropertyKey): Schema[] {
    return plainForms(schema).flatMap((each) => {
        const { def } = (each as z.core.$ZodTypes)._zod;
        if (def.type === 'object') return typeof part === 'string' ? (def.shape[part] ?? []) : [];
        if (def.type === 'array') return typeof part === 'number' ? def.element : [];
        return def.type === 'record' && typeof part === 'string' ? def.valueType : [];
    });
}

/** The schema, or the forms that it is a choice of. */
function plainForms(schema: Schema): Schema[] {
    const { def } = (schema as z.core.$ZodTypes)._zod;
    if (def.type === 'optional') return plainForms(def.innerType);
    return def.type === 'union' ? def.options.flatMap(plainForms) : [schema];
}

function shapeOf(schema: Schema): Shape | undefined {
    const { def } = (schema as z.core.$ZodTypes)._zod;
    return def.type === 'object' ? def.shape : undefined;
}
