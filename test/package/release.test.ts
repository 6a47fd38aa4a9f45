import { releaseProblems, type ReleaseFacts } from '../../tools/package/release';

const READY: ReleaseFacts = {
    version: '1.2.3',
    hasRepository: true,
    changelog: '# Changelog\n\n## 1.2.3\n\n### Patch Changes\n\n- A sentence.\n',
    changeSets: ['README.md', 'config.json'],
    tag: 'v1.2.3',
};

describe('a release', () => {
    it.each<[string, Partial<ReleaseFacts>]>([
        ['of the tag that is being built', {}],
        ['without a tag', { tag: undefined }],
    ])('%s has nothing in its way', (_, facts) => {
        expect(releaseProblems({ ...READY, ...facts })).toEqual([]);
    });

    it.each<[string, Partial<ReleaseFacts>, RegExp]>([
        ['while change sets wait', { changeSets: ['README.md', 'quiet-cat.md'] }, /quiet-cat\.md/],
        ['of a version that the changelog does not have', { version: '1.2', tag: 'v1.2' }, /no section 1\.2:/],
        ['without a repository', { hasRepository: false }, /repository/],
        ['of another tag', { tag: 'v1.2.4' }, /tag is v1\.2\.4/],
    ])('%s is refused', (_, facts, why) => {
        expect(releaseProblems({ ...READY, ...facts })).toEqual([expect.stringMatching(why)]);
    });
});
