// Block coordinate descent without its formulas: every block of variables is searched for what makes the objective smallest.

/** An example on its way through one unit behind a ReLU and one output: sums and activations are variables of their own. */
interface Example {
  x: number;
  y: number;
  hidden: number;
  activation: number;
  sum: number;
  output: number;
}

interface Unit {
  kernel: number;
  bias: number;
}

/** No variable is looked for further from zero. */
const FAR = 20;

const relu = (u: number) => Math.max(0, u);
const through = ({kernel, bias}: Unit, at: number) => kernel * at + bias;

/**
 * Objective and squared moves after each pass of block coordinate descent (Zeng, Lau, Lin & Yao, arXiv:1803.00225), from these
 * kernels of the two layers.
 */
export function searchedDescent(
  data: readonly {x: number; y: number}[],
  {alpha, gamma, rho}: {alpha: number; gamma: number; rho: number},
  kernels: readonly [number, number],
  passes: number
): {objective: number; moved: number}[] {
  const [first, last] = kernels.map((kernel): Unit => ({kernel, bias: 0})) as [Unit, Unit];
  const examples = data.map(({x, y}): Example => {
    const hidden = through(first, x);
    const sum = through(last, relu(hidden));
    return {x, y, hidden, activation: relu(hidden), sum, output: sum};
  });
  const costOf = ({x, y, hidden, activation, sum, output}: Example) =>
    ((output - y) ** 2 +
      gamma * (output - sum) ** 2 +
      rho * (sum - through(last, activation)) ** 2 +
      gamma * (activation - relu(hidden)) ** 2 +
      rho * (hidden - through(first, x)) ** 2) /
    2;
  const objective = () => total(examples, costOf);

  /** Gives a variable its best value in every example, where a move has a price; returns the squared moves. */
  const settle = (name: keyof Example, price = 0) =>
    total(examples, (example) => {
      const before = example[name];
      const cost = (value: number) =>
        costOf({...example, [name]: value}) + (price / 2) * (value - before) ** 2;
      // In front of a ReLU there is a valley on either side of zero.
      const [below, above] = [lowest(cost, -FAR, 0), lowest(cost, 0, FAR)];
      example[name] = cost(below) < cost(above) ? below : above;
      return (example[name] - before) ** 2;
    });
  const settleUnit = (unit: Unit): number => {
    const {kernel, bias} = unit;
    const moved = () => (unit.kernel - kernel) ** 2 + (unit.bias - bias) ** 2;
    const cost = (at: Unit) => {
      Object.assign(unit, at);
      return objective() + (alpha / 2) * moved();
    };
    const biasFor = (own: number) => lowest((at) => cost({kernel: own, bias: at}), -FAR, FAR);
    const best = lowest((at) => cost({kernel: at, bias: biasFor(at)}), -FAR, FAR);
    Object.assign(unit, {kernel: best, bias: biasFor(best)});
    return moved();
  };

  return Array.from({length: passes}, () => {
    settle("output");
    let moved = settle("sum") + settleUnit(last);
    settle("activation");
    moved += settle("hidden", alpha) + settleUnit(first);
    return {objective: objective(), moved};
  });
}

/** Where a function with one valley in the bracket is lowest: the bracket shrinks by thirds. */
function lowest(cost: (at: number) => number, from: number, to: number): number {
  let [low, high] = [from, to];
  for (let i = 0; i < 60; ++i) {
    const third = (high - low) / 3;
    if (cost(low + third) < cost(high - third)) high -= third;
    else low += third;
  }
  return (low + high) / 2;
}

function total<T>(of: readonly T[], number: (one: T) => number): number {
  return of.reduce((sum, one) => sum + number(one), 0);
}
