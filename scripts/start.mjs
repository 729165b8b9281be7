// What `npm start` runs after everything is built: the walk-through, then a broker.
await import("../apps/walkthrough/dist/main.js");
