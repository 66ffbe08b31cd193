import type {Bench} from "./measurement.ts";

/** The subjects of `npm run bench`, each with its parts; loaded when asked for. */
export const subjects: Record<string, () => Promise<Record<string, Bench>>> = {
  runtime: async () => ({
    "the dataflow": (await import("./runtime.ts")).dataflow,
    "the page": (await import("./page.ts")).page,
    "a training step": (await import("./gpu.ts")).mlpStep,
    "the tables": (await import("./tables.ts")).tables
  }),
  tables: async () => ({
    "H2O group-by": (await import("./tables/group-by.ts")).groupBy,
    "the workload": (await import("./tables/workload.ts")).workload
  }),
  "forward-forward": async () => (await import("./forward-forward.ts")).forwardForward,
  "forward-forward-notebooks": async () =>
    (await import("./forward-forward-notebooks/recordings.ts")).forwardForwardNotebooks,
  gpu: async () => (await import("./gpu.ts")).gpu,
  "gpu-node": async () => (await import("./gpu.ts")).gpuInNode,
  kan: async () => ({
    ...(await import("./kan.ts")).kan,
    ...(await import("./kan/orders.ts")).orders,
    "hello-kan": (await import("./kan-hello/hello.ts")).hello
  }),
  "kan-mnist": async () => (await import("./kan-mnist.ts")).kanMnist,
  "kan-science": async () => (await import("./kan-science.ts")).kanScience,
  "moe-pruning": async () => ({"expert pruning": (await import("./moe-pruning/experts.ts")).expertPruning}),
  models: async () => (await import("./models.ts")).models,
  moe: async () => (await import("./moe.ts")).moe,
  "moe-notebooks": async () => (await import("./moe-notebooks/recordings.ts")).moeNotebooks,
  pruning: async () => ({
    ...(await import("./pruning.ts")).pruning,
    "the lottery ticket": (await import("./pruning/lottery.ts")).lottery,
    ...(await import("./pruning/notebooks.ts")).recordings
  })
};
