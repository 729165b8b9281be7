const delivery = (file) => `packages/core/src/delivery/${file}.ts`;
const model = {
  package: "packages/core",
  test: "src/delivery/subscription-delivery.property.test.ts",
  name: "",
};

/**
 * Bugs that somebody could make, each with the test that must notice it.
 * @type {readonly {id: string, what: string, file: string, from: string, to: string, caughtBy: {package: string, test: string, name: string}}[]}
 */
export const bugs = [
  {
    id: "lost-range",
    what: "an ack above the cursor is not journalled",
    file: delivery("pending-change"),
    from: "      this.#acks.push(range);",
    to: "      if (range.first > 1) this.#acks.push(range);",
    caughtBy: model,
  },
];
