import { describe, expect, it } from "vitest";
import { fileSystemAt } from "./file-system.js";

const mounts = [
  "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
  "30 22 0:25 / /data rw - tmpfs tmpfs rw",
  "31 30 8:1 / /data rw - xfs /dev/sdb rw",
  "32 22 0:26 / /database rw - btrfs /dev/sdc rw",
  "",
].join("\n");

describe("fileSystemAt", () => {
  it("takes the mount nearest to the path, and the newer of two on one point", () => {
    expect(fileSystemAt("/data/bench", mounts)).toBe("xfs");
    expect(fileSystemAt("/data", mounts)).toBe("xfs");
    expect(fileSystemAt("/datafile", mounts)).toBe("ext4");
    expect(fileSystemAt("/database/x", mounts)).toBe("btrfs");
  });

  it("does not know what no mount holds", () => {
    expect(fileSystemAt("/data", "")).toBeUndefined();
  });
});
