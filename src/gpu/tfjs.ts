// tfjs as the rest of Petri sees it: the core with its gradients and chained methods registered. Backends are loaded
// by backend.ts, one at a time. The umbrella package would bring every backend and the Layers API along.
// The core comes first: its modules import each other in circles, and entered by a side door it resets itself.
export * from "@tensorflow/tfjs-core";

import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js";
