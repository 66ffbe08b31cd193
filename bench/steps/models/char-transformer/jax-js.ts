import {type Array as JaxArray, nn, numpy as np} from "@jax-js/jax";
import {type JaxDevice, type Params, trainJaxJs} from "../../peers/jax-js.ts";
import {blockPaths, SIZES, task} from "./task.ts";

export function jaxJs(batch: number, device: JaxDevice) {
  const {time, features, layers, vocabulary} = SIZES;
  return trainJaxJs(device, task(batch), (of, tokens) => {
    const hot = nn.oneHot(tokens.reshape([-1]).astype(np.int32), vocabulary);
    const looked = np.matmul(hot, of("embedding1/table")).reshape([-1, time, features]);
    let x = looked.add(of("learnedPositions1/table")).reshape([-1, features]);
    for (let layer = 0; layer < layers; ++layer) {
      const [first, second] = blockPaths(layer);
      x = x.ref.add(attention(of, `${first}/multiHeadAttention1`, norm(of, `${first}/layerNorm1`, x)));
      const wide = nn.gelu(dense(of, `${second}/dense1`, norm(of, `${second}/layerNorm1`, x.ref)));
      x = x.add(dense(of, `${second}/dense2`, wide));
    }
    return np.matmul(norm(of, "layerNorm1", x), of("dense1/kernel"));
  });
}

const dense = (of: Params, path: string, x: JaxArray): JaxArray =>
  np.matmul(x, of(`${path}/kernel`)).add(of(`${path}/bias`));

function norm(of: Params, path: string, x: JaxArray): JaxArray {
  const centred = x.ref.sub(np.mean(x, -1, {keepdims: true}));
  const variance = np.mean(np.square(centred.ref), -1, {keepdims: true});
  const unit = centred.div(np.sqrt(variance.add(1e-5)));
  return unit.mul(of(`${path}/scale`)).add(of(`${path}/bias`));
}

function attention(of: Params, path: string, x: JaxArray): JaxArray {
  const {time, features, heads} = SIZES;
  const split = (name: string, from: JaxArray) =>
    dense(of, `${path}/${name}`, from).reshape([-1, time, heads, features / heads]);
  const [query, key, value] = [split("query", x.ref), split("key", x.ref), split("value", x)];
  const seen = nn.dotProductAttention(query, key, value, {isCausal: true});
  return dense(of, `${path}/out`, seen.reshape([-1, features]));
}
