// petri/pruning: sparse networks by masks. One decomposition: score x distribution x mask x schedule x updater.
export {};
