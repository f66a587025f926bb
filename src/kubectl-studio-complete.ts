#!/usr/bin/env node
// What kubectl asks for completions of `kubectl studio`: it finds it as `kubectl_complete-studio` on the PATH. No logic of its own.
import { complete } from './plugin/cli/main.ts';
import { surroundingsOf } from './plugin/cli/surroundings.ts';

process.exitCode = await complete(process.argv.slice(2), await surroundingsOf(import.meta.url, process.env));
