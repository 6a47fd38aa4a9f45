import { linesSvg } from '../../bench/line-chart';

const points = (...values: number[]) => values.map((value, at) => ({ atMs: at * 1000, value }));

describe('the picture of a dashboard', () => {
    const svg = linesSvg('Calls & <load>', [
        {
            title: 'Active calls',
            unit: 'none',
            series: [
                { label: 'one', points: points(0, 50, 100) },
                { label: 'two', points: points(10, NaN, 20) },
            ],
        },
        { title: 'Memory', unit: 'bytes', series: [{ label: 'resident', points: points(150 * 1024 * 1024) }] },
        { title: 'Nothing', unit: 's', series: [{ label: 'never', points: points(NaN, NaN) }] },
        {
            title: 'Many',
            unit: 'ops',
            series: Array.from({ length: 9 }, (_, at) => ({ label: `l${at}`, points: points(at) })),
        },
    ]);

    it('has a line for every series that has a value, from the bottom of the axis to its top', () => {
        expect(svg.match(/<path /g)).toHaveLength(12);
        expect(svg).toContain('d="M52 126L220 78L388 30"');
    });

    it('breaks a line where there is no value', () => {
        expect(svg).toMatch(/d="M52 [\d.]+M388 [\d.]+"/);
    });

    it('has round numbers at its axes, in words that are read without a legend', () => {
        expect(svg).toContain('>200 MiB<');
        expect(svg).toContain('>10/s<');
    });

    it('names the first lines, and says how many more there are', () => {
        expect(svg).toContain('>l3 and 5 more<');
    });

    it('escapes what would break the picture', () => {
        expect(svg).toContain('Calls &#38; &#60;load&#62;');
        expect(svg).not.toContain('NaN');
    });
});
