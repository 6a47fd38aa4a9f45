#!/usr/bin/env node
/** The program of the package: `npx audioconnector-server`. */
import { runCommand } from './commands';

runCommand().then(
    (isKnown) => {
        if (!isKnown) process.exitCode = 2;
    },
    (fault: unknown) => {
        console.error(fault);
        process.exitCode = 1;
    },
);
