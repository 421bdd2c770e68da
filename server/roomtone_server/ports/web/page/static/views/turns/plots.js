/** Small plots of a stage's percentiles over the hours. Pure: figures in, the geometry of an SVG out. */

/** The size of the plots' own units; they are stretched to the room there is. */
export const WIDTH = 120;
export const HEIGHT = 28;

/**
 * @typedef {{p50: number, p95: number, p99: number} | null} Bucket of time; null where no turn had the stage
 */

/**
 * @param {Bucket[]} buckets from the oldest to the newest, all of one length
 * @returns {{line: string, band: string, worst: {x: number, y: number}[], maxMs: number}} as paths: the median, and the
 *   area from it up to p95; where p99 stands
 */
export function plot(buckets) {
  const maxMs = Math.max(1, ...buckets.map((each) => each?.p99 ?? 0));
  const step = WIDTH / buckets.length;
  const x = (index) => round((index + 0.5) * step);
  const y = (ms) => round(HEIGHT - 1 - (ms / maxMs) * (HEIGHT - 3));
  const runs = together(buckets);
  return {
    maxMs,
    line: runs.map((run) => trail(run.map(({ index, bucket }) => [x(index), y(bucket.p50)]))).join(""),
    band: runs.map((run) => around(run, x, y)).join(""),
    worst: buckets.flatMap((bucket, index) => (bucket ? [{ x: x(index), y: y(bucket.p99) }] : [])),
  };
}

/** Neighbours that have figures, run by run. */
function together(buckets) {
  const runs = [];
  buckets.forEach((bucket, index) => {
    if (!bucket) return;
    if (buckets[index - 1]) runs.at(-1).push({ index, bucket });
    else runs.push([{ index, bucket }]);
  });
  return runs;
}

/** A line through points; one alone is a line of no length, which a round cap makes a dot. */
function trail(points) {
  const [[x, y], ...others] = points;
  return `M${x} ${y}` + (others.length ? others.map(([x, y]) => `L${x} ${y}`).join("") : "h0");
}

/** From the median up to p95 and back; one bucket alone is as wide as it is long. */
function around(run, x, y) {
  const wide = run.length > 1 ? run : [-0.3, 0.3].map((aside) => ({ ...run[0], index: run[0].index + aside }));
  const up = wide.map(({ index, bucket }) => [x(index), y(bucket.p50)]);
  const back = [...wide].reverse().map(({ index, bucket }) => [x(index), y(bucket.p95)]);
  return `${trail([...up, ...back])}Z`;
}

function round(value) {
  return Math.round(value * 100) / 100;
}
