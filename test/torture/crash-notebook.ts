/** The name of the notebook that every round opens. */
export const crashNotebook = "crash";

/**
 * A notebook whose run goes on until it is stopped, and yields rows whose values follow from their step. The number of
 * the round comes from the page's address, so that each round has a run of its own.
 */
export const crashNotebookText = `<!doctype html>
<notebook theme="air">
  <title>Crash</title>
  <script id="1" type="module" pinned>
    const round = Number(new URLSearchParams(location.search).get("round"));
  </script>
  <script id="2" type="module" pinned>
    const run = train(async function* ({params}) {
      for (let step = 0; ; ++step) {
        yield {step, half: step / 2, part: params.round + 1 / (step + 1), count: -step};
        // Rows come a few dozen at a time, as from a real training step.
        if (step % 24 === 23) await new Promise((resolve) => setTimeout(resolve));
      }
    }, {name: "crash", params: {round}});
    display(run);
  </script>
</notebook>
`;

/** What every run must be after a crash, one row a run; \`wrong\` counts rows that the run did not yield like this. */
export const crashedRuns = `SELECT run_id, any_value(r.round) AS round, any_value(status) AS status,
    count(*) AS rows, count(DISTINCT (key, seq)) AS different, count(DISTINCT key) AS keys,
    min(seq) AS first, max(seq) AS last,
    count(*) FILTER (step <> seq OR value <> CASE key
      WHEN 'half' THEN step / 2
      WHEN 'part' THEN round + 1 / (step + 1)
      WHEN 'count' THEN -step::DOUBLE END) AS wrong
  FROM metrics JOIN (
    SELECT run_id, r.status::VARCHAR AS status, p.value_num AS round
    FROM runs r JOIN params p USING (run_id) WHERE p.key = 'round'
  ) r USING (run_id)
  GROUP BY run_id ORDER BY round`;
