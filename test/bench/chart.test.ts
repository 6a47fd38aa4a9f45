import { chartSvg } from '../../bench/chart';

describe('the picture of a benchmark', () => {
    const svg = chartSvg('Faults & <silence>', [
        {
            title: 'silence, p95',
            unit: 'ms',
            limit: 2000,
            rows: [
                { label: 'drops', value: 1250 },
                { label: 'hangs', value: 2500 },
                { label: 'never', value: NaN },
            ],
        },
        { title: 'found', unit: '%', limit: 95, limitIs: 'least', rows: [{ label: 'utterances', value: 90 }] },
    ]);

    it('has a bar for every row, as long as its figure, and a line where the limit is', () => {
        const widths = [...svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width));
        expect(widths).toEqual([200, 400, 400, 378.9]);
        expect(svg.match(/stroke-dasharray/g)).toHaveLength(2);
        expect(svg).toContain('>at most 2000<');
        expect(svg).toContain('>at least 95<');
    });

    it('marks what breaks its limit by more than a colour', () => {
        expect([...svg.matchAll(/>([^<>]* ✗)</g)].map(([, words]) => words)).toEqual(['2500 ✗', 'none ✗', '90 ✗']);
    });

    it('escapes what would break the picture in titles and labels', () => {
        expect(svg).toContain('<title>Faults &#38; &#60;silence&#62;</title>');
        expect(svg.match(/<text /g)).toHaveLength((svg.match(/<\/text>/g) ?? []).length);
    });
});
