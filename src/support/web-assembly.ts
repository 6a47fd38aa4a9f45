/** A compiled program. */
export type Program = object;

/** The memory of a program. */
export interface ProgramMemory {
    /** Another one after the memory has grown. */
    readonly buffer: ArrayBuffer;
}

// The types of Node do not know the global object, and those of a browser would bring a window with them.
declare const WebAssembly: {
    Module: new (bytes: Uint8Array) => Program;
    Memory: new (limits: { initial: number }) => ProgramMemory;
    Instance: new (program: Program, imports: object) => { exports: object };
};

/** Compiles a WebAssembly program. Throws what the engine throws when it is none. */
export function compileProgram(bytes: Uint8Array): Program {
    return new WebAssembly.Module(bytes);
}

/** Makes an instance of it. @returns what the program exports. Throws when it needs other imports. */
export function instantiate(program: Program, imports: object = {}): object {
    return new WebAssembly.Instance(program, imports).exports;
}

/** A memory without a page, which stands for that of a program that does not run yet. */
export function emptyMemory(): ProgramMemory {
    return new WebAssembly.Memory({ initial: 0 });
}
