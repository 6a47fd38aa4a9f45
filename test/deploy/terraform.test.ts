import { parse } from '@cdktn/hcl2json';
import { loadConfig } from '../../src/config/config';
import { shipped } from './proxy-process';

interface Resource {
    [key: string]: unknown;
}

interface Module {
    resource: Record<string, Record<string, Resource[]>>;
    variable: Record<string, unknown>;
    locals: Record<string, number>[];
}

/** The one resource of this type and name. */
function resource(module: Module, type: string, name: string): Resource {
    const [found] = module.resource[type]?.[name] ?? [];
    if (found === undefined) throw new Error(`there is no ${type} ${name}`);
    return found;
}

describe('deploy/terraform/aws', () => {
    const text = shipped('terraform', 'aws', 'main.tf');
    let module: Module;

    beforeAll(async () => {
        module = (await parse('main.tf', text)) as unknown as Module;
    });

    it('uses only variables, locals and resources that it has, and all of them', () => {
        const named = (pattern: RegExp): Set<string> =>
            new Set([...text.matchAll(pattern)].map(([, name = '']) => name));
        expect([...named(/\bvar\.(\w+)/g)].sort()).toEqual(Object.keys(module.variable).sort());
        expect([...named(/\blocal\.(\w+)/g)].sort()).toEqual(Object.keys(module.locals[0] ?? {}).sort());
        const made = Object.entries(module.resource).flatMap(([type, each]) =>
            Object.keys(each).map((name) => `${type}.${name}`),
        );
        expect([...named(/\b(aws_\w+\.\w+)\b/g)].filter((name) => !made.includes(name))).toEqual([]);
    });

    it('keeps calls for longer than a minute without a byte, and for minutes after their task is to go', () => {
        expect(resource(module, 'aws_lb', 'calls')['idle_timeout']).toBeGreaterThan(60);
        expect(resource(module, 'aws_lb_target_group', 'calls')['deregistration_delay']).toBe(
            '${var.deregistration_seconds}',
        );
        expect(module.variable['deregistration_seconds']).toMatchObject([{ default: 600 }]);
    });

    it('asks /health, because ECS ends a task whose check fails', () => {
        const { health_check: check } = resource(module, 'aws_lb_target_group', 'calls');
        expect(check).toMatchObject([{ path: '/health', matcher: '200' }]);
    });

    it('leaves time for drain and goodbyes within what Fargate waits', () => {
        const { stop_seconds: stop = 0, drain_seconds: drain = 0, grace_seconds: grace = 0 } = module.locals[0] ?? {};
        expect(stop).toBeLessThanOrEqual(120);
        expect(stop).toBeGreaterThanOrEqual(drain + grace + 10);
        const settings = { SHUTDOWN_DRAIN_SECONDS: String(drain), SHUTDOWN_GRACE_SECONDS: String(grace) };
        expect(() => loadConfig(settings)).not.toThrow();
    });

    it('is refused by the parser when a brace is missing', async () => {
        await expect(parse('main.tf', text.replace('}', ''))).rejects.toThrow('main.tf');
    });
});
