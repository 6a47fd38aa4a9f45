/** The callers, in a process of their own: runs the plans that its parent sends. */
import { runCallers, type CallersPlan } from './callers';
import { answerRequests } from './requests';

answerRequests((plan) => runCallers(plan as CallersPlan));
