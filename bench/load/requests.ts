/** Answers the requests of the parent process (`MeasuredProcess.request`); the words of the meter are not for this. */
export function answerRequests(answer: (asked: unknown) => Promise<unknown>): void {
    process.on('message', (message: { kind: 'request'; asked: unknown } | string) => {
        if (typeof message === 'string') return;
        void answer(message.asked).then((answered) => process.send?.({ kind: 'answer', answered }));
    });
}
