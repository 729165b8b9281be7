import type { Plugin } from "vite";

/** One exact change of one source file. */
interface PlantedBug {
  /** Path from the repository's root. */
  readonly file: string;
  /** Source text that stands there exactly once. */
  readonly from: string;
  /** What stands there instead. */
  readonly to: string;
}

/**
 * Changes a source file while it is loaded, as `PLANTED_BUG` says, so that nothing on disk is touched
 * and every package that reads the file from source sees the change. Without the variable there is
 * no plugin.
 */
export function plantedBug(): Plugin[] {
  const given = process.env["PLANTED_BUG"];
  if (given === undefined) return [];
  const { file, from, to } = JSON.parse(given) as PlantedBug;
  return [
    {
      name: "planted-bug",
      enforce: "pre",
      transform: (code, id) => {
        if (!id.split("?")[0]?.endsWith(`/${file}`)) return undefined;
        if (code.split(from).length !== 2) {
          throw new Error(`${file} does not hold exactly once: ${from}`);
        }
        return code.replace(from, () => to);
      },
    },
  ];
}
