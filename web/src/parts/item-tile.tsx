import { useMemo, useState } from 'preact/hooks';
import type { ItemDetails } from '@outcry/shared/contracts/events.ts';
import { tileArt } from '../format/tile-art.ts';

interface ItemTileProps {
  readonly item: ItemDetails;
  /** Load at once: for the one picture a page is about. */
  readonly eager?: boolean;
}

/** The item's picture, or a drawn one when it has none or it does not load. */
export function ItemTile({ item, eager = false }: ItemTileProps) {
  const [brokenUrl, setBrokenUrl] = useState<string>();
  const { imageUrl } = item;
  if (imageUrl === undefined || imageUrl === brokenUrl) return <DrawnTile seed={item.id} />;
  return (
    <img
      class="tile tile-picture"
      src={imageUrl}
      alt={`Picture of ${item.title}`}
      width={400}
      height={300}
      loading={eager ? 'eager' : 'lazy'}
      decoding="async"
      referrerpolicy="no-referrer"
      onError={() => setBrokenUrl(imageUrl)}
    />
  );
}

function DrawnTile({ seed }: { readonly seed: string }) {
  const art = useMemo(() => tileArt(seed), [seed]);
  return (
    <svg
      class="tile"
      viewBox="0 0 400 300"
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
      style={{ background: art.background }}
    >
      {art.shapes.map(({ path, fill, outlined }) => (
        <path
          key={path}
          d={path}
          fill={fill}
          stroke={outlined === true ? fill : 'none'}
          vector-effect="non-scaling-stroke"
        />
      ))}
    </svg>
  );
}
