import "./worker-shim.ts";
import "../../../src/journal-worker.ts";
