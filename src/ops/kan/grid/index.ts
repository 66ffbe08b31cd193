// Grids that follow the data, in float64. To come, by these names: adaptedKnots({x, inputs, intervals, order, blend: 0.02,
// margin: 0}) -> knots from samples [samples, inputs]; refinedKnots({knots, inputs, order, intervals}) -> more intervals over
// the same range; refitted({x, knots, coefficients, inputs, outputs, order, newKnots, at: "samples" | "grid"}) ->
// the coefficients on the new knots that keep the curves.
export {};
