/** Names that are there in a worker without being sent: the language's own, and the platform's that a training function may want. */
export const workerGlobals: ReadonlySet<string> = new Set(
  `undefined NaN Infinity globalThis self
  Object Function Boolean Symbol Number BigInt Math Date String RegExp Array Map Set WeakMap WeakSet WeakRef
  FinalizationRegistry Promise Proxy Reflect JSON Intl Atomics Iterator Temporal
  ArrayBuffer SharedArrayBuffer DataView Float16Array Float32Array Float64Array Int8Array Int16Array Int32Array
  Uint8Array Uint8ClampedArray Uint16Array Uint32Array BigInt64Array BigUint64Array
  Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError DOMException
  isFinite isNaN parseFloat parseInt encodeURI encodeURIComponent decodeURI decodeURIComponent escape unescape eval
  console performance crypto navigator location caches indexedDB origin isSecureContext crossOriginIsolated
  setTimeout clearTimeout setInterval clearInterval queueMicrotask requestAnimationFrame cancelAnimationFrame
  structuredClone fetch Request Response Headers FormData URL URLSearchParams URLPattern
  AbortController AbortSignal Event EventTarget CustomEvent MessageEvent ErrorEvent MessageChannel MessagePort
  BroadcastChannel Worker WebSocket EventSource XMLHttpRequest
  Blob File FileReader FileReaderSync ReadableStream WritableStream TransformStream CompressionStream
  DecompressionStream TextEncoder TextDecoder TextEncoderStream TextDecoderStream atob btoa
  ImageData ImageBitmap createImageBitmap OffscreenCanvas Path2D
  WebAssembly GPUBufferUsage GPUMapMode GPUShaderStage GPUTextureUsage`.split(/\s+/)
);
