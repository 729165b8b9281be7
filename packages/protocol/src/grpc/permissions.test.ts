import { expect, it } from "vitest";
import { requiredPermissions } from "../index.js";
import { services } from "./index.js";

it("has a permission for every RPC, and for nothing else", () => {
  const methods = Object.values(services).flatMap(({ fullName, methods: all }) =>
    Object.values(all).map(({ name }) => `/${fullName}/${name}`),
  );
  expect(Object.keys(requiredPermissions)).toEqual(methods.sort());
});
