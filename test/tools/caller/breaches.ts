import type { CheckName } from '../../../tools/caller/check-catalogue';
import { PCMU, type Json, type StubCall } from './stub-server';

type Act = (call: StubCall) => void;
type Breach = [breach: string, check: CheckName, act: Act];

export const say =
    (type: string, parameters: Json = {}, overrides: Json = {}): Act =>
    (call) => {
        call.send(type, parameters, overrides);
    };
export const play =
    (bytes: Uint8Array): Act =>
    (call) => {
        call.sendAudio(bytes);
    };
export const all =
    (...acts: Act[]): Act =>
    (call) => {
        for (const act of acts) act(call);
    };
export const times = (count: number, act: Act): Act => all(...Array.from({ length: count }, () => act));
export const event = (...entities: unknown[]): Act => say('event', { entities });
export const turn = (data: Json): Json => ({ type: 'bot_turn_response', data });
export const opened = (overrides: Json = {}): Act => say('opened', { media: [PCMU] }, overrides);
export const openedAs = (parameters: Json): Act => say('opened', parameters);

const raw =
    (text: string): Act =>
    (call) => {
        call.socket.send(text);
    };
const recount =
    (by: number): Act =>
    (call) => {
        call.seq += by;
    };
const closeSocket: Act = (call) => {
    call.socket.close(1000);
};
const cutSocket: Act = (call) => {
    call.socket.terminate();
};
const disconnect = (parameters: Json = { reason: 'completed' }): Act => say('disconnect', parameters);
const sound = play(new Uint8Array(160).fill(0x20));
const nothing = { type: 'x', data: {} };
const tooLong = turn({ disposition: 'match', text: 'x'.repeat(64_000) });

/** What a server may do wrong when it answers `open`. */
export const BREACHES_AT_OPEN: Breach[] = [
    ['a pong before anything', 'firstMessage', all(say('pong'), opened())],
    ['two opened', 'openedOnce', all(opened(), opened())],
    ['a first number of 0', 'numbering', opened({ seq: 0 })],
    ['no number', 'numbering', opened({ seq: undefined })],
    ['a number as text', 'numbering', opened({ seq: '1' })],
    ['another session id', 'sessionId', opened({ id: 'c5b0e1d4-97a2-4f06-b3d8-1e6a0c4f2b77' })],
    ['version 2 as a number', 'version', opened({ version: 2 })],
    ['no parameters', 'parametersPresent', opened({ parameters: undefined })],
    ['a list as parameters', 'parametersPresent', opened({ parameters: [] })],
    ['a position', 'envelopeOnly', opened({ position: 'PT0S' })],
    ['no clientseq', 'clientseq', opened({ clientseq: undefined })],
    ['a clientseq that acknowledges nothing', 'clientseq', opened({ clientseq: 0 })],
    ['a clientseq beyond what was sent', 'clientseq', opened({ clientseq: 2 })],
    ['another rate', 'media', openedAs({ media: [{ ...PCMU, rate: 16_000 }] })],
    ['another channel', 'media', openedAs({ media: [{ ...PCMU, channels: ['internal'] }] })],
    ['a further field in the media', 'media', openedAs({ media: [{ ...PCMU, ptime: 20 }] })],
    ['two media', 'media', openedAs({ media: [PCMU, PCMU] })],
    ['no list of media', 'media', openedAs({})],
    ['languages that were not asked for', 'languages', openedAs({ media: [PCMU], supportedLanguages: ['en-US'] })],
    ['text that is not JSON', 'readable', all(opened(), raw('hello'))],
    ['a JSON null', 'readable', all(opened(), raw('null'))],
    ['a message without a type', 'readable', all(opened(), raw('{}'))],
    ['an invented type', 'knownType', all(opened(), say('data'))],
    ['an inherited property as type', 'knownType', all(opened(), say('toString'))],
    ['audio before opened', 'audioWindow', all(sound, opened())],
];

/** What it may do wrong while the call stands. */
export const BREACHES_LATER: Breach[] = [
    ['a number left out', 'numbering', all(recount(1), say('updated'))],
    ['a number twice', 'numbering', all(recount(-1), say('updated'))],
    ['a clientseq that goes back', 'clientseq', all(say('updated'), say('pause', {}, { clientseq: 1 }))],
    ['text above 64,000 bytes', 'textSize', event(tooLong)],
    ['26 texts at once', 'textRate', times(26, event(nothing))],
    ['26 binary messages at once', 'audioRate', times(26, sound)],
    ['binary of 64,001 bytes', 'audioSize', play(new Uint8Array(64_001))],
    ['empty binary', 'audioSize', play(new Uint8Array(0))],
    ['a WAV header', 'audioSize', play(Buffer.from('RIFF....WAVEfmt '))],
    ['a pong without a ping', 'pongAsked', say('pong')],
    ['updated twice for one update', 'updated', times(2, say('updated'))],
    ['an event without entities', 'events', event()],
    ['entities that are no list', 'events', say('event', { entities: {} })],
    ['an entity that is null', 'events', event(null)],
    ['an entity without a type', 'events', event({ data: {} })],
    ['an entity without data', 'events', event({ type: 'barge_in' })],
    ['an unknown disposition', 'events', event(turn({ disposition: 'final' }))],
    ['a null as text', 'events', event(turn({ disposition: 'match', text: null }))],
    ['a confidence of 2', 'events', event(turn({ disposition: 'match', confidence: 2 }))],
    ['a free text as reason', 'disconnectForm', disconnect({ reason: 'bot failed' })],
    ['a number as info', 'disconnectForm', disconnect({ reason: 'error', info: 5 })],
    ['disconnect twice', 'disconnectForm', times(2, disconnect())],
    ['a number as variable', 'outputVariables', disconnect({ reason: 'completed', outputVariables: { a: 1 } })],
    ['nested variables', 'outputVariables', disconnect({ reason: 'completed', outputVariables: { a: { b: '1' } } })],
    ['audio after disconnect', 'audioWindow', all(disconnect(), sound)],
    ['a pause after disconnect', 'afterDisconnect', all(disconnect(), say('pause'))],
    ['closed without close', 'closedLast', say('closed')],
    ['the socket closed with 1000', 'socketLeftOpen', closeSocket],
    ['the socket cut', 'socketLeftOpen', cutSocket],
];

/** What it may do wrong when it answers `close`. */
export const BREACHES_AT_CLOSE: Breach[] = [
    ['closed twice', 'closedLast', times(2, say('closed'))],
    ['a disconnect after close was received', 'disconnectForm', all(disconnect(), say('closed'))],
    ['audio after closed', 'audioWindow', all(say('closed'), sound)],
    ['audio after close was acknowledged', 'audioWindow', all(event(nothing), sound, say('closed'))],
    ['a closed that does not acknowledge close', 'clientseq', say('closed', {}, { clientseq: 1 })],
    ['a socket closed behind closed', 'socketLeftOpen', all(say('closed'), closeSocket)],
];
