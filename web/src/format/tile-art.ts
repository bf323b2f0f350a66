/**
 * A picture for an item that has none: flat shapes in few colours, always the same for the same
 * seed. Sizes are in a 400 by 300 view box.
 */

interface Shape {
  /** An SVG path. */
  readonly path: string;
  readonly fill: string;
  /** Touches its neighbours: without an outline in its colour a hairline shows between them. */
  readonly outlined?: true;
}

export interface TileArt {
  readonly background: string;
  readonly shapes: readonly Shape[];
}

const WIDTH = 400;
const HEIGHT = 300;

type Palette = readonly [ground: string, deep: string, mid: string, bright: string, pale: string];

const PALETTES: readonly Palette[] = [
  ['#efe6d5', '#1f4b43', '#3d7f6e', '#e2a84b', '#f8f1e2'],
  ['#dfe5e8', '#233b57', '#5580a4', '#e9825c', '#f4f1ea'],
  ['#f2dfd0', '#6b2f3a', '#b4635a', '#eab38a', '#fbf1e6'],
  ['#dbe4d3', '#2f4530', '#6f8d5c', '#e0b252', '#f3f4e6'],
  ['#e9e0ee', '#3e2f5b', '#81699f', '#e8a0a0', '#f7f1f5'],
  ['#d6e6e4', '#17474f', '#3f8f93', '#f0c36a', '#f1f6f1'],
  ['#f3e4c8', '#4a3524', '#b1742f', '#d9a953', '#fbf4e4'],
  ['#e3dfdb', '#2e3036', '#767c88', '#d96b4f', '#f5f2ee'],
];

type Draw = (random: () => number, palette: Palette) => readonly Shape[];

/** @param seed any text that names the item for ever, such as its id */
export function tileArt(seed: string): TileArt {
  const random = randomOf(seed);
  const palette = picked(PALETTES, random);
  const draw = picked<Draw>([hills, arches, quarters], random);
  return { background: palette[0], shapes: draw(random, palette) };
}

/** A low sun over three ridges. */
function hills(random: () => number, [, deep, mid, bright, pale]: Palette): Shape[] {
  const sunX = between(random, 100, 300);
  const sunY = between(random, 80, 125);
  const ridge = (base: number, swing: number, fill: string): Shape => {
    const height = (): number => whole(base + (random() - 0.5) * 2 * swing);
    const crest = between(random, 130, 270);
    const path =
      `M0 ${height()}C${whole(crest / 3)} ${height()} ${whole(crest * 0.6)} ${height()} ` +
      `${whole(crest)} ${height()}S${whole(crest + 90)} ${height()} ${WIDTH} ${height()}V${HEIGHT}H0Z`;
    return { path, fill };
  };
  return [
    circle(sunX, sunY, 74, pale),
    circle(sunX, sunY, 48, bright),
    ridge(170, 34, `${mid}99`),
    ridge(208, 26, mid),
    ridge(252, 20, deep),
  ];
}

/** Nested arches side by side, like a row of windows. */
function arches(random: () => number, [, deep, mid, bright, pale]: Palette): Shape[] {
  const shapes: Shape[] = [];
  const columns = random() < 0.5 ? 2 : 3;
  const span = WIDTH / columns;
  for (let column = 0; column < columns; column += 1) {
    const x = span * (column + 0.5);
    const top = between(random, 60, 120);
    const fills = rotated([deep, mid, bright, pale], Math.floor(random() * 4));
    fills.forEach((fill, ring) => {
      const radius = span * (0.44 - ring * 0.1);
      const y = top + span * 0.44;
      const path = `M${whole(x - radius)} ${HEIGHT}V${whole(y)}A${whole(radius)} ${whole(radius)} 0 0 1 ${whole(x + radius)} ${whole(y)}V${HEIGHT}Z`;
      shapes.push({ path, fill });
    });
  }
  return shapes;
}

/** A grid of quarter circles and dots, each turned its own way. */
function quarters(random: () => number, [, deep, mid, bright, pale]: Palette): Shape[] {
  const grounds: Shape[] = [];
  const figures: Shape[] = [];
  const size = 100;
  for (let y = 0; y < HEIGHT; y += size) {
    for (let x = 0; x < WIDTH; x += size) {
      const [under, over] = rotated([deep, mid, bright, pale], Math.floor(random() * 4));
      if (under === undefined || over === undefined) continue;
      if (random() < 0.55)
        grounds.push({ path: `M${x} ${y}h${size}v${size}h-${size}Z`, fill: under });
      const turn = Math.floor(random() * 5);
      figures.push(
        turn === 4
          ? circle(x + size / 2, y + size / 2, size * 0.28, over)
          : { path: quarter(x, y, size, turn), fill: over, outlined: true },
      );
    }
  }
  return [...grounds, ...figures];
}

/** A quarter disc that fills a square, its corner at the square's `turn`-th corner. */
function quarter(x: number, y: number, size: number, turn: number): string {
  const right = x + size;
  const bottom = y + size;
  const arc = `A${size} ${size} 0 0 1`;
  switch (turn) {
    case 0:
      return `M${x} ${y}H${right}${arc} ${x} ${bottom}Z`;
    case 1:
      return `M${right} ${y}V${bottom}${arc} ${x} ${y}Z`;
    case 2:
      return `M${right} ${bottom}H${x}${arc} ${right} ${y}Z`;
    default:
      return `M${x} ${bottom}V${y}${arc} ${right} ${bottom}Z`;
  }
}

const circle = (x: number, y: number, radius: number, fill: string): Shape => {
  const [left, r, twice] = [whole(x - radius), whole(radius), whole(radius * 2)];
  return {
    path: `M${left} ${whole(y)}a${r} ${r} 0 1 0 ${twice} 0a${r} ${r} 0 1 0 -${twice} 0`,
    fill,
  };
};

const whole = (value = 0): number => Math.round(value);

const between = (random: () => number, low: number, high: number): number =>
  low + random() * (high - low);

const rotated = <T>(list: readonly T[], by: number): T[] => [
  ...list.slice(by),
  ...list.slice(0, by),
];

function picked<T>(list: readonly T[], random: () => number): T {
  const choice = list[Math.floor(random() * list.length)];
  if (choice === undefined) throw new Error('nothing to pick from');
  return choice;
}

/** Numbers from 0 to 1 that look random and follow from the seed (FNV-1a into mulberry32). */
function randomOf(seed: string): () => number {
  let state = 0x811c9dc5;
  for (let i = 0; i < seed.length; i += 1) {
    state = Math.imul(state ^ seed.charCodeAt(i), 0x01000193);
  }
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
