import Ajv from 'ajv';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/config';
import { VARIABLE_NAMES } from '../../src/config/variables';
import { chartValues, ofChart, rendered, type Values } from './helm-chart';
import { faultsOf, type Document } from './kubernetes-documents';
import { shipped } from './proxy-process';

const FOLDER = join(__dirname, '..', '..', 'deploy', 'kubernetes');
const AUTOSCALERS = ['HorizontalPodAutoscaler', 'ScaledObject'];

function plain(): Document[] {
    const names = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' });
    const files = names.filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');
    return files.map((name) => parse(shipped('kubernetes', name)) as Document);
}

function chart(changes: (values: Values) => void = () => undefined): Document[] {
    const values = chartValues();
    changes(values);
    return rendered(values);
}

function only(documents: readonly Document[], kind: string): Document {
    const [found, ...more] = documents.filter((document) => document.kind === kind);
    if (found === undefined || more.length > 0) throw new Error(`not exactly one ${kind}`);
    return found;
}

function podOf(documents: readonly Document[]) {
    const pod = (only(documents, 'Deployment') as IDeployment).spec?.template.spec;
    const [container] = pod?.containers ?? [];
    if (pod === undefined || container === undefined) throw new Error('there is no container');
    return { pod, container };
}

describe('the files of deploy/kubernetes', () => {
    it('hold what the schemas of Kubernetes and KEDA want, and no word that they do not know', () => {
        expect(faultsOf(plain())).toEqual([]);
        const deployment = only(plain(), 'Deployment');
        expect(faultsOf([{ ...deployment, spec: { replicaz: 2, ...(deployment.spec as object) } }])).toEqual([
            expect.stringMatching(/replicaz.* does not exist in type 'IDeploymentSpec'/),
        ]);
        expect(faultsOf([{ ...deployment, spec: {} }])[0]).toContain('must have required property');
    });

    it('are all in the kustomization, but for the autoscaler of KEDA', () => {
        const { resources } = parse(shipped('kubernetes', 'kustomization.yaml')) as { resources: string[] };
        const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');
        expect(resources.sort()).toEqual(files.sort());
    });
});

describe('the chart deploy/helm/audioconnector', () => {
    const schema = JSON.parse(ofChart('values.schema.json')) as object;
    const isValid = new Ajv().compile(schema);

    it('has values that its own schema takes, and refuses others', () => {
        expect(isValid(chartValues())).toBe(true);
        expect(isValid({ ...chartValues(), hosts: 'bot.example.com' })).toBe(false);
        expect(isValid({ ...chartValues(), settings: { MAX_SESSIONS: 500 } })).toBe(false);
    });

    it.each(['hpa', 'keda', 'none'])('makes documents that Kubernetes takes: autoscaling by %s', (kind) => {
        const documents = chart((values) => {
            values['autoscaling'] = { ...(values['autoscaling'] as object), kind };
            values['settings'] = { MAX_SESSIONS: '500', OPENAI_VOICE: 'cedar' };
        });
        expect(faultsOf(documents)).toEqual([]);
        const own = { hpa: ['HorizontalPodAutoscaler'], keda: ['ScaledObject'], none: [] }[kind];
        expect(documents.map((each) => each.kind).filter((each) => AUTOSCALERS.includes(each))).toEqual(own);
        expect((only(documents, 'Deployment') as IDeployment).spec?.replicas).toBe(kind === 'none' ? 2 : undefined);
        expect(only(documents, 'ConfigMap').data).toMatchObject({ MAX_SESSIONS: '500', OPENAI_VOICE: 'cedar' });
    });

    it('makes no Ingress and no network policy where they are switched off', () => {
        const documents = chart((values) => {
            values['ingress'] = { ...(values['ingress'] as object), enabled: false };
            values['networkPolicy'] = { ...(values['networkPolicy'] as object), enabled: false };
        });
        expect(faultsOf(documents)).toEqual([]);
        expect(documents.map(({ kind }) => kind)).not.toContain('Ingress');
        expect(documents.map(({ kind }) => kind)).not.toContain('NetworkPolicy');
    });

    it('sets the same as the plain files, but for names and labels', () => {
        for (const kind of ['ConfigMap', 'HorizontalPodAutoscaler', 'Ingress', 'Deployment', 'NetworkPolicy']) {
            const neutral = ({ spec, data }: Document): unknown =>
                JSON.parse(
                    JSON.stringify({ spec, data })
                        .replaceAll(',"app.kubernetes.io/instance":"calls"', '')
                        .replaceAll('"calls"', '"audioconnector"'),
                );
            expect(neutral(only(chart(), kind))).toEqual(neutral(only(plain(), kind)));
        }
    });
});

describe.each([
    ['the files of deploy/kubernetes', plain],
    ['the chart', chart],
] as const)('%s', (_name, documents) => {
    it('gives the pod longer to stop than preStop, drain and goodbyes take', () => {
        const { pod, container } = podOf(documents());
        const { data = {} } = only(documents(), 'ConfigMap');
        const [sleep, preStop] = container.lifecycle?.preStop?.exec?.command ?? [];
        expect(sleep).toBe('sleep');
        const { shutdownDrainSeconds, shutdownGraceSeconds } = loadConfig(data);
        const least = Number(preStop) + shutdownDrainSeconds + shutdownGraceSeconds + 10;
        expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(least);
    });

    it('sets only variables that there are', () => {
        const known: readonly string[] = VARIABLE_NAMES;
        const names = Object.keys(only(documents(), 'ConfigMap').data ?? {});
        expect(names.filter((name) => !known.includes(name))).toEqual([]);
    });

    it('asks the server what it is asked for, and gives it no rights', () => {
        const { pod, container } = podOf(documents());
        expect(container.readinessProbe?.httpGet?.path).toBe('/ready');
        expect(container.livenessProbe?.httpGet?.path).toBe('/health');
        expect(pod.securityContext).toMatchObject({ runAsNonRoot: true });
        expect(container.securityContext).toMatchObject({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
        });
        const ports = (container.ports ?? []).map(({ name, containerPort }) => [name, containerPort]);
        const { data = {} } = only(documents(), 'ConfigMap');
        expect(Object.fromEntries(ports)).toEqual({ calls: 8080, metrics: Number(data['METRICS_PORT']) });
    });

    it('lets the Ingress wait longer than a minute for a silent connection, and try another pod after a 503', () => {
        const { annotations = {} } = only(documents(), 'Ingress').metadata;
        const at = (name: string) => annotations[`nginx.ingress.kubernetes.io/${name}`];
        expect(Number(at('proxy-read-timeout'))).toBeGreaterThan(60);
        expect(Number(at('proxy-send-timeout'))).toBeGreaterThan(60);
        expect(at('proxy-next-upstream')).toContain('http_503');
    });
});
