#!/usr/bin/env node
/** The bin shim: the only place that sets the exit code. */
import { processEnvironment } from './cli/environment.ts';
import { main } from './cli/main.ts';

process.exitCode = await main(processEnvironment());
