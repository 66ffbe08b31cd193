import "./worker-shim.ts";
import "../../../src/train-worker.ts";
