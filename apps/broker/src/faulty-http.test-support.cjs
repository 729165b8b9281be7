// A fault that no code of the broker expects: Node's HTTP throws what it never throws.
require("node:http").createServer = () => {
  throw new TypeError("planted");
};
