#!/usr/bin/env node
// `kubectl studio`: the plugin's program. kubectl finds it as `kubectl-studio` on the PATH. No logic of its own.
import { main } from './plugin/cli/main.ts';
import { surroundingsOf } from './plugin/cli/surroundings.ts';

// Not process.exit: what is written to a pipe would be cut off.
process.exitCode = await main(process.argv.slice(2), await surroundingsOf(import.meta.url, process.env));
