/** A kernel's shader in parts, before it is text. */
export interface Shader {
  /** Tells it apart from all others. */
  key: string;
  /** Storage bindings in order; `args`, a uniform, comes after them. */
  bindings: readonly ShaderBinding[];
  /** Fields of `args`, in order. */
  fields: readonly {name: string; type: "u32" | "f32"}[];
  /** Helper functions and `fn main`, with its attributes. */
  code: () => string;
}

export interface ShaderBinding {
  name: string;
  /** The type of an element in WGSL. */
  element: string;
  isWritten: boolean;
}

/** The text of a shader. */
export function wgsl({bindings, fields, code}: Shader): string {
  return [
    "struct Args {",
    ...fields.map(({name, type}) => `  ${name}: ${type},`),
    "}",
    ...declarations(bindings),
    `@group(0) @binding(${bindings.length}) var<uniform> args: Args;`,
    code()
  ].join("\n");
}

/** The storage bindings of a shader. */
export function declarations(bindings: readonly ShaderBinding[]): string[] {
  return bindings.map(
    ({name, element, isWritten}, i) =>
      `@group(0) @binding(${i}) var<storage, ${isWritten ? "read_write" : "read"}> ${name}: array<${element}>;`
  );
}

const pipelines = new WeakMap<GPUDevice, Map<string, GPUComputePipeline>>();

/** The pipeline of a shader that is known by `key`; it is compiled once a device. */
export function pipelineFor(device: GPUDevice, key: string, text: () => string): GPUComputePipeline {
  const known = pipelines.get(device) ?? new Map<string, GPUComputePipeline>();
  pipelines.set(device, known);
  let pipeline = known.get(key);
  if (!pipeline) {
    const module = device.createShaderModule({code: text(), label: key});
    pipeline = device.createComputePipeline({
      layout: "auto",
      compute: {module, entryPoint: "main"},
      label: key
    });
    known.set(key, pipeline);
  }
  return pipeline;
}
