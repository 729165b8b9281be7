#!/usr/bin/env node
// Node reads an ES module's own file on the thread pool, whose size is fixed with its first use. So
// the size is set here, in a CommonJS file, which is read without it.
process.env["UV_THREADPOOL_SIZE"] ??= "16";
void import("./main.js");
