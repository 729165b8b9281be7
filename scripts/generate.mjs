// Everything that is generated from proto/: TypeScript, tables, JSON Schemas, Python.
// node scripts/generate.mjs [--python <interpreter that has grpcio-tools>]
import { readImage } from "./generate/image.mjs";
import { generateTypeScript } from "./generate/typescript.mjs";

const image = await readImage();
await generateTypeScript(image);
