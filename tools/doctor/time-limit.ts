/** What `task` gives, or a rejection with `why` when it takes longer than `limitMs`. The timer is freed either way. */
export async function withinLimit<T>(limitMs: number, why: string, task: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => {
            reject(new Error(why));
        }, limitMs);
    });
    return Promise.race([task, tooLate]).finally(() => {
        clearTimeout(timer);
    });
}
