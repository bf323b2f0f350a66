interface SparkLineProps {
  /** Oldest first; undefined where nothing was measured. */
  readonly values: readonly (number | undefined)[];
  /** As many places as the line has, so that it grows from the right. */
  readonly places: number;
}

const WIDTH = 240;
const HEIGHT = 44;

/** A figure's last minutes as a line; decoration beside the figure itself. */
export function SparkLine({ values, places }: SparkLineProps) {
  const highest = Math.max(1e-9, ...values.map((value) => value ?? 0));
  const step = WIDTH / (places - 1);
  const from = WIDTH - (values.length - 1) * step;
  const points = values.map((value, i) => {
    const y = HEIGHT - 2 - ((value ?? 0) / highest) * (HEIGHT - 6);
    return `${(from + i * step).toFixed(1)},${y.toFixed(1)}`;
  });
  if (points.length < 2)
    return <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden />;
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <polygon points={`${from.toFixed(1)},${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}`} />
      <polyline points={points.join(' ')} vector-effect="non-scaling-stroke" />
    </svg>
  );
}
