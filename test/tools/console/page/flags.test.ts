import { flagAt, type Flag } from '../../../../tools/console/page/drawing';
import { TimeView } from '../../../../tools/console/page/time-view';

const flags: readonly Flag[] = [
    { atMs: 2000, colour: 'bad', text: 'first' },
    { atMs: 2100, colour: 'warn', text: 'second' },
];

describe('a flag above the lanes of the picture', () => {
    const view = new TimeView();
    view.widthPixels = 800;
    view.showPart(0, 10_000);

    it('is found where it is drawn, the upper one of two that lie on each other', () => {
        expect(flagAt(flags, view, view.xOf(2000) - 1, 6)?.text).toBe('first');
        expect(flagAt(flags, view, view.xOf(2100) + 4, 6)?.text).toBe('second');
    });

    it('is not found beside it, or in the lanes below', () => {
        expect(flagAt(flags, view, view.xOf(2000) - 20, 6)).toBeUndefined();
        expect(flagAt(flags, view, view.xOf(2100) + 20, 6)).toBeUndefined();
        expect(flagAt(flags, view, view.xOf(2000) + 1, 60)).toBeUndefined();
    });
});
