import {ops} from "../../../../src/ops/index.ts";
import {trainPlainTfjs, type Variables} from "../../peers/plain-tfjs.ts";
import {blockPaths, SIZES, task} from "./task.ts";

const {tf} = ops;
type Tensor = ReturnType<typeof tf.tensor>;

export const plainTfjs = (batch: number) => {
  const {time, features, layers, vocabulary} = SIZES;
  const later = tf.mul(tf.sub(tf.linalg.bandPart(tf.ones([time, time]), -1, 0), 1), 1e9);
  return trainPlainTfjs(task(batch), (of, tokens) => {
    // As a product: on wasm tfjs has no gradient of a look-up.
    const hot = tf.cast(tf.oneHot(tf.cast(tf.reshape(tokens, [-1]), "int32"), vocabulary), "float32");
    const looked = tf.reshape(tf.matMul(hot, of("embedding1/table")), [-1, time, features]);
    let x: Tensor = tf.reshape(tf.add(looked, of("learnedPositions1/table")), [-1, features]);
    for (let layer = 0; layer < layers; ++layer) {
      const [first, second] = blockPaths(layer);
      x = tf.add(x, attention(of, `${first}/multiHeadAttention1`, norm(of, `${first}/layerNorm1`, x), later));
      const wide = gelu(dense(of, `${second}/dense1`, norm(of, `${second}/layerNorm1`, x)));
      x = tf.add(x, dense(of, `${second}/dense2`, wide));
    }
    return tf.matMul(norm(of, "layerNorm1", x), of("dense1/kernel"));
  });
};

const dense = (of: Variables, path: string, x: Tensor): Tensor =>
  tf.add(tf.matMul(x, of(`${path}/kernel`)), of(`${path}/bias`));

function norm(of: Variables, path: string, x: Tensor): Tensor {
  const {mean, variance} = tf.moments(x, -1, true);
  const unit = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
  return tf.add(tf.mul(unit, of(`${path}/scale`)), of(`${path}/bias`));
}

function gelu(x: Tensor): Tensor {
  const inner = tf.mul(tf.add(x, tf.mul(tf.mul(tf.mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}

function attention(of: Variables, path: string, x: Tensor, later: Tensor): Tensor {
  const {time, features, heads} = SIZES;
  const width = features / heads;
  const split = (name: string) =>
    tf.transpose(tf.reshape(dense(of, `${path}/${name}`, x), [-1, time, heads, width]), [0, 2, 1, 3]);
  const scores = tf.mul(tf.matMul(split("query"), split("key"), false, true), 1 / Math.sqrt(width));
  const seen = tf.matMul(tf.softmax(tf.add(scores, later)), split("value"));
  return dense(of, `${path}/out`, tf.reshape(tf.transpose(seen, [0, 2, 1, 3]), [-1, features]));
}
