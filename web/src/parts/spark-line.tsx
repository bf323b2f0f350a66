interface SparkLineProps {
  /** Oldest first; undefined where nothing was measured. */
  readonly values: readonly (number | undefined)[];
  /** As many places as the line has, so that it grows from the right. */
  readonly places: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const WIDTH = 240;
const HEIGHT = 44;

/** A figure's last minutes as a line; decoration beside the figure itself. */
export function SparkLine({ values, places }: SparkLineProps) {
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {unbroken(values, places).map((points) => {
        const [first, last] = [points[0], points.at(-1)];
        if (first === undefined || last === undefined) return null;
        const line = points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
        return (
          <g key={first.x}>
            <polygon points={`${first.x},${HEIGHT} ${line} ${last.x},${HEIGHT}`} />
            {/* Of one point alone nothing would be drawn: twice the same one is a dot. */}
            <polyline
              points={points.length === 1 ? `${line} ${line}` : line}
              vector-effect="non-scaling-stroke"
            />
          </g>
        );
      })}
    </svg>
  );
}

/** The pieces of the line: where nothing was measured there is a hole, and not a zero. */
function unbroken(values: SparkLineProps['values'], places: number): readonly Point[][] {
  const highest = Math.max(1e-9, ...values.map((value) => value ?? 0));
  const step = WIDTH / (places - 1);
  const from = WIDTH - (values.length - 1) * step;
  const pieces: Point[][] = [[]];
  for (const [i, value] of values.entries()) {
    if (value === undefined) pieces.push([]);
    else {
      const y = HEIGHT - 2 - (value / highest) * (HEIGHT - 6);
      pieces.at(-1)?.push({ x: from + i * step, y });
    }
  }
  return pieces.filter(({ length }) => length > 0);
}
