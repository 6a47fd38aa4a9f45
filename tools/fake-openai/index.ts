export type { ScriptedResponse, ResponseItem, ResponseRequest, FunctionCall, McpCall } from './responses';
export { preambleScene } from './responses';
export { API_FAULTS, apiFault, type ApiFault } from './api-faults';
export { ENDS, type ResponseSummary, type ConnectionPlan, type CutHow, type Junk, type Refusal } from './faults';
export {
    INSTANT,
    type CallerTranscript,
    type CommittedAudio,
    type DeltaSizes,
    type FakeOpenAIOptions,
    type VadMode,
} from './options';
export type * from './protocol';
export type { ClientFrame, RecordedFault, SentEvent, SpokenItem } from './recorder';
export { FakeOpenAI, startFakeOpenAI, type RecordedConnection } from './server';
export type { FakeSession } from './session';
export { expectedPcm24k, expectedPcmu, expectedSweep, findPcmu, pcmuByteAt } from './signal';
