/** What the thread of a directory store and its owner say to each other. */
import type { Limits } from './retention';
import type { LogFields, LogLevel } from '../../support/logger';
import type { ErrorCode, FaultFacts } from '../../support/errors';
import { isFields } from '../../support/json';

/** What the thread finds in `workerData`. */
export interface StoreSetup {
    readonly path: string;
    readonly limits: Limits | undefined;
}

export const VERBS = ['putJson', 'putFile', 'list', 'get', 'file', 'remove', 'tidy', 'close'] as const;
/** Methods of `DirectoryStore`. */
export type Verb = (typeof VERBS)[number];

export interface StoreRequest {
    readonly id: number;
    readonly verb: Verb;
    readonly values: readonly unknown[];
}

export type StoreReply =
    | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
    | {
          readonly kind: 'failed';
          readonly id: number;
          readonly code: ErrorCode;
          readonly detail: string | undefined;
          readonly facts: FaultFacts;
      }
    | {
          readonly kind: 'log';
          readonly level: Exclude<LogLevel, 'silent'>;
          readonly fields: LogFields;
          readonly message: string;
      };

/** undefined: not a request. */
export function readRequest(message: unknown): StoreRequest | undefined {
    if (!isFields(message) || typeof message['id'] !== 'number' || !Array.isArray(message['values'])) return undefined;
    const verb = VERBS.find((each) => each === message['verb']);
    return verb === undefined ? undefined : { id: message['id'], verb, values: message['values'] };
}
