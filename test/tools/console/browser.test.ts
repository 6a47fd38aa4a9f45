/**
 * All tests that need a browser, one after the other: two browsers at a time starve each other's audio threads, and what they then
 * lose of the sound is no fault of the console.
 */
import './browser-sound';
import './browser-call';
import './browser-page';
import './browser-overlap';
import '../calls/browser-calls';
