import {ArgumentError, checkOptions, ShapeError} from "../../core/errors.ts";
import {
  applyChild,
  type Child,
  initChild,
  inScope,
  type Layer,
  type Shape,
  shapeAfter
} from "../../core/layer.ts";
import {sequential} from "../../core/layers/sequential.ts";
import {clone, type Params} from "../../core/tree.ts";
import {type Tensor, tidy} from "../../tf.ts";
import {checkGiven, checkLayers} from "../checks.ts";

export interface ModelAssemblingOptions {
  /** The network's parts, in order of application: each a layer, or a `sequential` of several. At least two. */
  modules: readonly Layer[];
  /** A shallow stand-in for each of them, which takes and gives the same shapes: one layer, as a rule. */
  meta: readonly Layer[];
}

/** A network in parts that are trained apart from each other. */
export interface ModelAssembling {
  /** The stand-ins one after the other, trained first, end to end: {module1, module2, ...}. */
  meta: Layer<Record<string, Params>>;
  /**
   * Module `index`, from 1, in its place in the meta model, whose trained parameters stay as they are and the caller's: a network
   * whose parameters are the module's alone. Modules can be trained in any order, or at once.
   */
  incubation(index: number, metaParams: Record<string, Params>): Layer;
  /** The modules one after the other: what is fine-tuned at last. */
  whole: Layer<Record<string, Params>>;
  /** Copies of the modules' parameters, in order, as those of the whole. The caller frees them. */
  assemble(params: readonly Params[]): Record<string, Params>;
}

/**
 * Deep model assembling (Ni, Wang, Yu, Jiang, Cao, Huang, arXiv:2212.04129): a deep network is divided into modules; a meta model
 * with one shallow layer for each is trained end to end; each module is then trained alone in its place in the meta model, which
 * is held constant and so links modules that never meet; assembled, they are fine-tuned for a while. Four uses of `fit`. Layers
 * keep no state of their own (dropout is fine, batch norms are not). Throws an ArgumentError where a module has no stand-in, and a
 * ShapeError, when parameters are made, where the two give different shapes.
 *
 * @example
 * import {dense, evaluate, fit, sequential} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {modelAssembling} from "petri/forward-forward";
 *
 * const data = {...(await digits()), inputShape: [64]};
 * const relu = (units) => dense({units, activation: "relu"});
 * const {meta, incubation, whole, assemble} = modelAssembling({
 *   modules: [sequential([relu(32), relu(32)]), sequential([relu(32), dense({units: 10})])],
 *   meta: [relu(32), dense({units: 10})]
 * });
 * const trained = async (model, options) => {
 *   const training = fit(model, data, options);
 *   for await (const row of training);
 *   return training;
 * };
 * const first = await trained(meta, {steps: 60});
 * const modules = await Promise.all([1, 2].map((index) => trained(incubation(index, first.params), {steps: 60})));
 * const last = await trained(whole, {steps: 30, params: assemble(modules.map(({params}) => params))});
 * display(await evaluate(whole, last.params, data));
 * for (const training of [first, ...modules, last]) training.dispose();
 */
export function modelAssembling(options: ModelAssemblingOptions): ModelAssembling {
  const {modules, meta} = checked(options);
  const names = modules.map((_, i) => `module${i + 1}`);
  const whole = checkedAtInit(chain("assembled", modules), modules, meta);
  return {
    meta: checkedAtInit(chain("metaModel", meta), modules, meta),
    whole,
    incubation(index, metaParams) {
      const at = index - 1;
      if (modules[at] === undefined)
        throw new ArgumentError(`Modules are numbered from 1 to ${modules.length}, got ${String(index)}.`);
      const missing = names.find((name, i) => i !== at && metaParams?.[name] === undefined);
      if (missing)
        throw new ArgumentError(
          `incubation takes the parameters of the meta model, {${names.join(", ")}}: there is no ${missing}.`
        );
      return incubated(at, modules[at], {names, meta, metaParams, modules});
    },
    assemble(params) {
      if (!Array.isArray(params) || params.length !== modules.length)
        throw new ArgumentError(
          `assemble takes the parameters of the ${modules.length} modules, in order, got ${params?.length}.`
        );
      for (const [i, own] of [...params].entries())
        checkGiven("assemble", own, `the parameters of a module at place ${i}`);
      return Object.fromEntries(names.map((name, i) => [name, clone(params[i] as Params)]));
    }
  };
}

interface Surroundings {
  names: readonly string[];
  meta: readonly Layer[];
  metaParams: Record<string, Params>;
  modules: readonly Layer[];
}

/** One module among stand-ins. */
function incubated(at: number, module: Layer, around: Surroundings): Layer {
  const {names, meta, metaParams, modules} = around;
  const layers = meta.map((layer, i) => (i === at ? module : layer));
  const before = (inputShape: Shape) =>
    layers.slice(0, at).reduce((shape, layer) => shapeAfter(layer, shape), inputShape);
  const name = names[at] as string;
  return {
    name: "incubation",
    init(key, inputShape, path) {
      checkShapes(modules, meta, inputShape);
      return initChild({layer: module, name, index: at}, key, before(inputShape), path);
    },
    apply: (params, x, context) =>
      inScope(context, (inner) =>
        layers.reduce((y: Tensor, layer, index) => {
          const own = index === at ? params : (metaParams[names[index] as string] as Params);
          return applyChild({layer, name: names[index] as string, index}, own, y, inner);
        }, x)
      ),
    outputShape: (inputShape) => layers.reduce((shape, layer) => shapeAfter(layer, shape), inputShape),
    children(inputShape) {
      let shape = inputShape;
      return layers.map((layer, i): Child => {
        const child = {name: names[i] as string, layer, inputShape: shape};
        shape = shapeAfter(layer, shape);
        return child;
      });
    }
  };
}

/** Layers one after the other as module1, module2, ... */
function chain(name: string, layers: readonly Layer[]): Layer<Record<string, Params>> {
  return {...sequential(layers.map((layer) => ({...layer, name: "module"}))), name};
}

function checkedAtInit(
  model: Layer<Record<string, Params>>,
  modules: readonly Layer[],
  meta: readonly Layer[]
): Layer<Record<string, Params>> {
  return {
    ...model,
    init: (key, inputShape, path) =>
      tidy(() => {
        checkShapes(modules, meta, inputShape);
        return model.init(key, inputShape, path);
      })
  };
}

/** @throws ShapeError where a stand-in gives another shape than its module */
function checkShapes(modules: readonly Layer[], meta: readonly Layer[], inputShape: Shape): void {
  let shape = inputShape;
  modules.forEach((module, i) => {
    const given = shapeAfter(module, shape);
    const standIn = shapeAfter(meta[i] as Layer, shape);
    if (given.join() !== standIn.join())
      throw new ShapeError(
        `module${i + 1} gives [${given.join(", ")}], and its stand-in in the meta model [${standIn.join(", ")}]: they must be the same.`
      );
    shape = given;
  });
}

function checked(options: ModelAssemblingOptions): ModelAssemblingOptions {
  checkOptions("modelAssembling", options, {modules: true, meta: true});
  const {modules, meta} = options;
  if (!Array.isArray(modules) || modules.length < 2)
    throw new ArgumentError(
      `modules must be the parts of a network, two layers or more, got ${String(modules?.length)}.`
    );
  checkLayers("modules", modules);
  if (!Array.isArray(meta) || meta.length !== modules.length)
    throw new ArgumentError(
      `meta must have a stand-in for each of the ${modules.length} modules, got ${String(meta?.length)}.`
    );
  checkLayers("meta", meta);
  return options;
}
