import type {GpuKernel} from "./webgpu-dispatch.ts";

/** Bytes of a kernel's uniforms: they come in steps of 16. */
export function uniformBytes(uniforms: GpuKernel["uniforms"]): number {
  return Math.ceil(Object.keys(uniforms).length / 4) * 16;
}

/** Writes a kernel's uniforms one after the other. */
export function writeUniforms(uniforms: GpuKernel["uniforms"], to: DataView, offset = 0): void {
  let at = offset;
  for (const name in uniforms) {
    const {type, value} = uniforms[name] as {type: "u32" | "f32"; value: number};
    if (type === "u32") to.setUint32(at, value, true);
    else to.setFloat32(at, value, true);
    at += 4;
  }
}
