// Everything that is generated from proto/: TypeScript, tables, JSON Schemas, Python.
// node scripts/generate.mjs [--python <interpreter that has grpcio-tools>]
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { readImage } from "./generate/image.mjs";
import { generatePython } from "./generate/python.mjs";
import { generateSchemas } from "./generate/schemas.mjs";
import { generateTypeScript } from "./generate/typescript.mjs";
import { pythonProgram } from "./task/python.mjs";

const { values } = parseArgs({ options: { python: { type: "string" } } });
const python = values.python ?? pythonProgram("python");

const image = await readImage();
await generateTypeScript(image);
generateSchemas(image);
if (existsSync(python)) await generatePython(image, python);
else console.warn(`Python is not generated: no interpreter with grpcio-tools at ${python}`);
