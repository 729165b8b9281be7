// One version group: every workspace package and the Python distribution carry the same number.
import { versionPlaces } from "./task/versions.mjs";

const places = versionPlaces();
const expected = places[0].version;
const wrong = places.filter(({ version }) => version !== expected);
for (const { path, version } of wrong)
  console.error(`${path} says ${version}, ${places[0].path} says ${expected}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
