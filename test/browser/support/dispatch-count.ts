/** Runs `compute` and counts the dispatches it records, by the label of their pipelines without its variant. */
export async function countDispatches(compute: () => void | Promise<void>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const {prototype} = GPUComputePassEncoder;
  const {setPipeline, dispatchWorkgroups} = prototype;
  let current = "";
  prototype.setPipeline = function (pipeline) {
    current = pipeline.label.split("/")[0] as string;
    return setPipeline.call(this, pipeline);
  };
  prototype.dispatchWorkgroups = function (...groups) {
    counts.set(current, (counts.get(current) ?? 0) + 1);
    return dispatchWorkgroups.apply(this, groups);
  };
  try {
    await compute();
  } finally {
    Object.assign(prototype, {setPipeline, dispatchWorkgroups});
  }
  return counts;
}
