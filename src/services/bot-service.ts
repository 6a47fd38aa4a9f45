// Written by the bridge's author; see conversation.ts for what a bot is.
export {};
