import { randomBytes } from 'node:crypto';
import type { Caller } from '../../tools/caller/client';
import type { Junk } from '../../tools/fake-openai';
import { frameBytes } from './raw-call';

/** What a call may do wrong once it is open, with the right envelope or without one. */
export const JUNK_MESSAGES: readonly ((caller: Caller) => void)[] = [
    (caller) => {
        caller.sendRaw('this is no JSON');
    },
    (caller) => {
        caller.sendRaw('[]');
    },
    (caller) => {
        caller.sendRaw('null');
    },
    (caller) => {
        caller.sendRaw('{"__proto__":{"type":"close"},"constructor":1}');
    },
    (caller) => {
        caller.sendRaw('['.repeat(30_000));
    },
    (caller) => {
        caller.sendRaw(`{"type":"${'x'.repeat(70_000)}"}`);
    },
    (caller) => {
        caller.sendRaw(randomBytes(300_000));
    },
    (caller) => {
        for (let times = 0; times < 200; times++) caller.sendRaw(randomBytes(1600));
    },
    (caller) => {
        caller.sendMessage('ping', {}, { seq: 99 });
    },
    (caller) => {
        caller.sendMessage('ping', {}, { seq: -1 });
    },
    (caller) => {
        caller.sendMessage('ping', {}, { version: '9' });
    },
    (caller) => {
        caller.sendMessage('ping', {}, { id: '00000000-0000-4000-8000-000000000000' });
    },
    (caller) => {
        caller.sendMessage('ping', {}, { parameters: 'none' });
    },
    (caller) => {
        caller.sendMessage('ping', {}, { serverseq: 1e9, position: 'PT-1S' });
    },
    (caller) => {
        caller.sendMessage('open', {});
    },
    (caller) => {
        caller.sendMessage('no_such_message', { a: 1 });
    },
    (caller) => {
        for (let times = 0; times < 100; times++) caller.sendMessage('dtmf', { digit: {} });
    },
    (caller) => {
        for (let times = 0; times < 50; times++) caller.sendMessage('playback_completed');
    },
    (caller) => {
        caller.sendMessage('resumed', { start: 'PT99999999S', discarded: 'PT99999999S' });
        caller.sendMessage('discarded', { start: 'x', discarded: [] });
    },
    (caller) => {
        caller.sendMessage('close', { reason: 'end' });
        caller.sendMessage('close', { reason: 'end' });
        caller.sendMessage('ping');
    },
];

const TEXT = Buffer.from('{"type":"ping"}');

/** What a peer may send below the messages, right after the upgrade. */
export const JUNK_BYTES: readonly (() => Buffer)[] = [
    () => randomBytes(4000),
    () => frameBytes({ opcode: 'text', payload: Buffer.from([0xc3, 0x28, 0xff, 0xfe]) }),
    () => frameBytes({ opcode: 'reserved', payload: TEXT }),
    () => frameBytes({ opcode: 'text', payload: TEXT, isMasked: false }),
    () => frameBytes({ opcode: 'text', payload: TEXT, hasReservedBit: true }),
    () => frameBytes({ opcode: 'binary', payload: Buffer.alloc(100), saysBytes: 2 ** 40 }),
    () => frameBytes({ opcode: 'continuation', payload: TEXT }),
    () => frameBytes({ opcode: 'ping', payload: Buffer.alloc(200) }),
    () => frameBytes({ opcode: 'ping', payload: TEXT, isFinal: false }),
    () => frameBytes({ opcode: 'close', payload: Buffer.from([1]) }),
    () => frameBytes({ opcode: 'binary', payload: randomBytes(1600) }),
    () =>
        Buffer.concat([
            frameBytes({ opcode: 'text', payload: Buffer.from('{'), isFinal: false }),
            ...Array.from({ length: 500 }, () =>
                frameBytes({ opcode: 'continuation', payload: Buffer.alloc(0), isFinal: false }),
            ),
            frameBytes({ opcode: 'continuation', payload: Buffer.from('}') }),
        ]),
    () => Buffer.concat(Array.from({ length: 2000 }, () => frameBytes({ opcode: 'ping', payload: Buffer.alloc(8) }))),
];

/** What a stranger sends who does not even ask for a WebSocket. */
export const STRANGERS: readonly (() => Buffer)[] = [
    () => randomBytes(2000),
    () => Buffer.from('GET / HTTP/1.1\r\n'),
    () => Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`),
    () => Buffer.from('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nx'),
    () => Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
    () => Buffer.from('GET /%ff%fe?bot=%00 HTTP/1.1\r\nHost: x\r\n\r\n'),
];

/** What a tolerant reader of OpenAI's events gets over: sent to any call. */
export const SERVICE_JUNK: readonly Junk[] = [
    'notJson',
    'binary',
    'null',
    'array',
    'noType',
    'huge',
    'unknownEvent',
    'conversationCreated',
    'doneWithoutCreated',
    'unknownResponseDelta',
    'invalidBase64Delta',
    'emptyDelta',
    'extraField',
    'wrongTypes',
    'lateDelta',
];

/** What no service sends, and what may cost the call its connection to it: sent to extra calls alone. */
export const SERVICE_ABUSE: readonly (string | Buffer)[] = [
    '{"type":"session.updated"}',
    '{"type":"response.created","response":{}}',
    '{"type":"response.done","response":{"id":7,"status":[],"output":{}}}',
    '{"type":"input_audio_buffer.speech_started","audio_start_ms":-1e300,"item_id":{}}',
    '{"type":"error","error":{"type":"tokens","code":null,"message":null}}',
    '{"type":"response.output_audio.delta","response_id":"r","item_id":"i","output_index":-1,"content_index":1e9,"delta":"////"}',
    '['.repeat(50_000),
    'x'.repeat(2 ** 21),
];
