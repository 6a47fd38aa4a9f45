import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';
import { join } from 'node:path';
import ts from 'typescript';

/** A document of the Kubernetes API, as it stands in a file. */
export interface Document {
    apiVersion: string;
    kind: string;
    metadata: { name: string; annotations?: Record<string, string> };
    spec?: unknown;
    data?: Record<string, string>;
}

interface Checked {
    /** Throws when the schema does not hold. */
    check: (document: Document) => void;
    /** The module of its type. */
    module: string;
}

/** By kind: its schema, and its type. */
const KINDS: Record<string, Checked> = {
    ConfigMap: { check: checkWith(ConfigMap), module: 'kubernetes-models/v1/ConfigMap' },
    Deployment: { check: checkWith(Deployment), module: 'kubernetes-models/apps/v1/Deployment' },
    HorizontalPodAutoscaler: {
        check: checkWith(HorizontalPodAutoscaler),
        module: 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler',
    },
    Ingress: { check: checkWith(Ingress), module: 'kubernetes-models/networking.k8s.io/v1/Ingress' },
    NetworkPolicy: { check: checkWith(NetworkPolicy), module: 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy' },
    PodDisruptionBudget: {
        check: checkWith(PodDisruptionBudget),
        module: 'kubernetes-models/policy/v1/PodDisruptionBudget',
    },
    ScaledObject: {
        check: checkWith(ScaledObject),
        module: '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject',
    },
    Service: { check: checkWith(Service), module: 'kubernetes-models/v1/Service' },
};

/** What is wrong with these documents: by the schema of their kind, and words that the kind does not have. */
export function faultsOf(documents: readonly Document[]): string[] {
    return [...documents.flatMap(schemaFaults), ...wordFaults(documents)];
}

/** The API of kubernetes-models takes its own types only; what a file holds is what is to be checked. */
function checkWith(Kind: new (data: never) => { validate(): void }): (document: Document) => void {
    return (document) => {
        new Kind(document as never).validate();
    };
}

function schemaFaults(document: Document): string[] {
    const { kind, apiVersion } = document;
    const known = KINDS[kind];
    if (known === undefined) return [`${kind}: there is no schema`];
    const version = apiVersion.split('/');
    if (!known.module.includes(version.join('/'))) return [`${kind}: ${apiVersion} is not that of the schema`];
    try {
        known.check(document);
        return [];
    } catch (fault) {
        return [`${kind}: ${String(fault)}`];
    }
}

/** The schemas let unknown words pass, as the server of Kubernetes does. The types of the same package do not. */
function wordFaults(documents: readonly Document[]): string[] {
    const path = join(__dirname, 'documents-as-typescript.ts');
    const lines = documents.map(({ kind, ...document }, at) => {
        const type = `import('${KINDS[kind]?.module ?? ''}').I${kind}`;
        return `export const document${at}: ${type} = ${JSON.stringify({ kind, ...document })};`;
    });
    const host = hostWith(path, lines.join('\n'));
    const program = ts.createProgram([path], OPTIONS, host);
    return ts
        .getPreEmitDiagnostics(program)
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ').replace(/\s+/g, ' '));
}

const OPTIONS: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
};

/** Declarations of packages that were read already, by path. */
const read = new Map<string, ts.SourceFile | undefined>();

/** The files of this machine, and one more that has this text. */
function hostWith(path: string, text: string): ts.CompilerHost {
    const disk = ts.createCompilerHost(OPTIONS);
    const fromDisk = (name: string, languageVersion: ts.ScriptTarget | ts.CreateSourceFileOptions) => {
        if (!read.has(name)) read.set(name, disk.getSourceFile(name, languageVersion));
        return read.get(name);
    };
    return {
        ...disk,
        fileExists: (name) => name === path || disk.fileExists(name),
        readFile: (name) => (name === path ? text : disk.readFile(name)),
        getSourceFile: (name, languageVersion) =>
            name === path ? ts.createSourceFile(name, text, languageVersion) : fromDisk(name, languageVersion),
    };
}
