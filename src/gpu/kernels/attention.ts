import {composedGrads} from "../gradients/composed.ts";
import {defineKernel, type Specs, type Values} from "../kernel.ts";
import {isRecording} from "../tape.ts";
import * as tf from "../tfjs.ts";
import {allowedKeys, attentionWeights, mergeHeads, splitHeads} from "./attention-steps.ts";
import {
  type AttentionLayout,
  attentionForward,
  attentionInputGrad,
  attentionScoresGrad
} from "./attention-wgsl.ts";
import {batchProduct} from "./batch-product.ts";

const NAMES = ["PetriAttention", "PetriMaskedAttention"] as const;

export interface AttentionAttrs {
  heads: number;
  /** No step looks at later ones. */
  causal: boolean;
}

function layoutOf({qkv, mask}: Specs, {heads, causal}: AttentionAttrs): AttentionLayout {
  const [batch = 0, time = 0, thrice = 0] = qkv?.shape ?? [];
  return {batch, time, heads, width: thrice / 3 / heads, causal, hasMask: mask !== undefined};
}

const sizeOf = ({batch, time, heads, width}: AttentionLayout) => ({
  features: heads * width,
  inputs: [batch, time, 3 * heads * width],
  outputs: [batch, time, heads * width],
  weights: [batch, heads, time, time]
});

/** Calls back for every query: offsets of its row of queries, of the first keys of its head, of its output and its weights. */
function forEachQuery(
  {batch, time, heads, width}: AttentionLayout,
  visit: (at: {t: number; n: number; query: number; head: number; out: number; weights: number}) => void
): void {
  const features = heads * width;
  for (let n = 0; n < batch; ++n)
    for (let h = 0; h < heads; ++h)
      for (let t = 0; t < time; ++t) {
        const step = n * time + t;
        visit({
          t,
          n,
          query: step * 3 * features + h * width,
          head: n * time * 3 * features + h * width,
          out: step * features + h * width,
          weights: ((n * heads + h) * time + t) * time
        });
      }
}

function dot(a: Values, i: number, b: Values, j: number, count: number): number {
  let sum = 0;
  for (let f = 0; f < count; ++f) sum += (a[i + f] as number) * (b[j + f] as number);
  return sum;
}

/** Adds `factor` times a stretch of x to one of out. */
function addTo(out: Values, i: number, factor: number, x: Values, j: number, count: number): void {
  for (let f = 0; f < count; ++f) out[i + f] = (out[i + f] as number) + factor * (x[j + f] as number);
}

/** Defines attention with or without a mask: tfjs's gradients know no optional inputs. */
const [attentionKernel, maskedAttentionKernel] = NAMES.map((name, masked) =>
  defineKernel<AttentionAttrs>({
    name,
    inputs: masked ? ["qkv", "mask"] : ["qkv"],
    outputs: (specs, attrs) => {
      const {outputs, weights} = sizeOf(layoutOf(specs, attrs));
      return [
        {shape: outputs, dtype: "float32"},
        {shape: weights, dtype: "float32"}
      ];
    },
    twin({qkv, mask}, outputs, attrs, specs) {
      const x = qkv as Values;
      const [y, weights] = outputs as [Values, Values];
      const layout = layoutOf(specs, attrs);
      const {time, width, causal} = layout;
      const {features} = sizeOf(layout);
      y.fill(0);
      weights.fill(0);
      forEachQuery(layout, ({t, n, query, head, out, weights: at}) => {
        const end = causal ? t + 1 : time;
        const isThere = (k: number) => mask?.[n * time + k] !== 0;
        let top = -Infinity;
        const scores: number[] = [];
        for (let k = 0; k < end; ++k) {
          const score = dot(x, query, x, head + (3 * k + 1) * features, width) / Math.sqrt(width);
          scores.push(score);
          if (isThere(k)) top = Math.max(top, score);
        }
        let sum = 0;
        for (let k = 0; k < end; ++k) if (isThere(k)) sum += Math.exp((scores[k] as number) - top);
        for (let k = 0; k < end; ++k) {
          if (!isThere(k)) continue;
          const weight = Math.exp((scores[k] as number) - top) / sum;
          weights[at + k] = weight;
          addTo(y, out, weight, x, head + (3 * k + 2) * features, width);
        }
      });
    },
    gpu: (specs, attrs) => attentionForward(layoutOf(specs, attrs))
  })
) as [ReturnType<typeof defineKernel<AttentionAttrs>>, ReturnType<typeof defineKernel<AttentionAttrs>>];

/** The gradient of the scores before scaling, [batch, heads, time, time]. Inputs qkv, the weights, and y and its gradient dy. */
const scoresGrad = defineKernel<AttentionAttrs>({
  name: "PetriAttentionScoresGrad",
  inputs: ["qkv", "weights", "y", "dy"],
  outputs: (specs, attrs) => [{shape: sizeOf(layoutOf(specs, attrs)).weights, dtype: "float32"}],
  twin({qkv, weights, y, dy}, [scores], attrs, specs) {
    const [x, w, value, upstream] = [qkv, weights, y, dy] as [Values, Values, Values, Values];
    const out = scores as Values;
    const layout = layoutOf(specs, attrs);
    const {time, width, causal} = layout;
    const {features} = sizeOf(layout);
    out.fill(0);
    forEachQuery(layout, ({t, head, out: own, weights: at}) => {
      const back = dot(upstream, own, value, own, width);
      for (let k = 0; k < (causal ? t + 1 : time); ++k) {
        const along = dot(upstream, own, x, head + (3 * k + 2) * features, width);
        out[at + k] = ((w[at + k] as number) * (along - back)) / Math.sqrt(width);
      }
    });
  },
  gpu: (specs, attrs) => attentionScoresGrad(layoutOf(specs, attrs))
});

/** The gradient of qkv. Inputs qkv, the weights, the gradient of the scores, and dy, that of the output. */
const inputGrad = defineKernel<AttentionAttrs>({
  name: "PetriAttentionInputGrad",
  inputs: ["qkv", "weights", "scores", "dy"],
  outputs: (specs, attrs) => [{shape: sizeOf(layoutOf(specs, attrs)).inputs, dtype: "float32"}],
  twin({qkv, weights, scores, dy}, [grad], attrs, specs) {
    const [x, w, s, upstream] = [qkv, weights, scores, dy] as [Values, Values, Values, Values];
    const out = grad as Values;
    const layout = layoutOf(specs, attrs);
    const {time, width, causal} = layout;
    const {features} = sizeOf(layout);
    out.fill(0);
    forEachQuery(layout, ({t, query, head, out: own, weights: at}) => {
      for (let k = 0; k < (causal ? t + 1 : time); ++k) {
        const key = head + (3 * k + 1) * features;
        addTo(out, query, s[at + k] as number, x, key, width);
        addTo(out, key, s[at + k] as number, x, query, width);
        addTo(out, key + features, w[at + k] as number, upstream, own, width);
      }
    });
  },
  gpu: (specs, attrs) => attentionInputGrad(layoutOf(specs, attrs))
});

/**
 * Self-attention of all heads, softmax(q k^T / sqrt(width)) v (Vaswani et al. 2017), from queries, keys and values side by
 * side, [batch, time, 3 heads width] -> [batch, time, heads width]; mask, float32 [batch, time], is zero at steps that no
 * other looks at. One dispatch on webgpu, and two for the gradient: heads are read where they lie, and the scores leave the
 * kernel as weights, which the gradient needs. A query that may look at nothing gives zeros.
 */
export function selfAttention(qkv: tf.Tensor, mask: tf.Tensor | undefined, attrs: AttentionAttrs): tf.Tensor {
  const outputs = mask ? maskedAttentionKernel({qkv, mask}, attrs) : attentionKernel({qkv}, attrs);
  const [y, weights] = outputs as [tf.Tensor, tf.Tensor];
  // The tape has its own hold on what the gradient needs.
  weights.dispose();
  return y;
}

function composed(qkv: tf.Tensor, mask: tf.Tensor | undefined, {heads, causal}: AttentionAttrs): tf.Tensor {
  const time = qkv.shape[1] as number;
  const [q, k, v] = tf.split(qkv, 3, 2).map((part) => splitHeads(part, heads)) as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor
  ];
  return mergeHeads(batchProduct(attentionWeights(q, k, allowedKeys(causal, mask, time, time)), v));
}

NAMES.forEach((kernelName, masked) => {
  tf.registerGradient({
    kernelName,
    inputsToSave: masked ? ["qkv", "mask"] : ["qkv"],
    outputsToSave: [true, true],
    gradFunc(dys, saved, attrs) {
      const dy = (dys as tf.Tensor[])[0] as tf.Tensor;
      const attention = attrs as unknown as AttentionAttrs;
      const [qkv, y, weights] = [saved[0], saved.at(-2), saved.at(-1)] as [tf.Tensor, tf.Tensor, tf.Tensor];
      const mask = masked ? (saved[1] as tf.Tensor) : undefined;
      const noGradient = {mask: () => tf.zeros((mask ?? dy).shape)};
      if (isRecording()) {
        const grads = composedGrads((at) => composed(at.qkv, mask, attention), {qkv}, dy);
        return {...noGradient, ...grads};
      }
      return {
        ...noGradient,
        qkv() {
          const [scores] = scoresGrad({qkv, weights, y, dy}, attention) as [tf.Tensor];
          return inputGrad({qkv, weights, scores, dy}, attention)[0] as tf.Tensor;
        }
      };
    }
  });
});
