// The version step of a release: changesets raises the fixed group, then Python takes the same number.
import { run } from "./task/process.mjs";
import { writePythonVersion } from "./task/versions.mjs";

const { code } = await run(["changeset", "version"]);
if (code === 0) writePythonVersion();
process.exitCode = code;
