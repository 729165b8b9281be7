import { runCommandLine } from "./command-line.js";
import { nameSourcesInStacks } from "./source-positions.js";

nameSourcesInStacks();
void runCommandLine(process.argv);
