import type { BidGap } from '../state/room-bids.ts';

/** Why bids are missing that a part of the room would show. */
export function GapText({ gap }: { readonly gap: BidGap }) {
  switch (gap) {
    case 'none':
      return null;
    case 'reading':
      return <p class="muted">Reading earlier bids …</p>;
    case 'unreachable':
      return <p class="muted">Earlier bids cannot be read right now. This is tried again.</p>;
  }
}
