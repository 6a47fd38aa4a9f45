/** Where --help or -h is among the arguments: prints the usage and ends the process with 0. Called before options are read. */
export function answerHelp(usage: string): void {
    if (!process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')) return;
    console.log(usage);
    process.exit(0);
}
