import { useState } from 'preact/hooks';
import { refusalWords } from '../format/refusals.ts';
import { SAVED_PATH } from '../routes.ts';
import { showToast } from '../state/notices.ts';
import { problemOf } from '../state/problem-of.ts';
import { signedInAs } from '../state/session.ts';
import { askToSignIn } from '../state/sign-in-request.ts';
import type { Watchlist } from '../state/watchlist.ts';
import { BookmarkIcon } from './icons.tsx';

interface SaveButtonProps {
  readonly watchlist: Watchlist;
  readonly auctionId: string;
  /** Tells auctions of a list apart for those who only hear the button. */
  readonly title: string;
}

/** Puts an auction into the user's watchlist, or takes it out. */
export function SaveButton({ watchlist, auctionId, title }: SaveButtonProps) {
  const [busy, setBusy] = useState(false);
  const isSaved = signedInAs.value !== undefined && watchlist.has(auctionId);
  const change = async (): Promise<void> => {
    setBusy(true);
    try {
      await watchlist.set(auctionId, !isSaved);
    } catch (error) {
      const { title: fault, advice } = refusalWords(problemOf(error));
      showToast({ tone: 'bad', title: fault, detail: advice, path: SAVED_PATH });
    }
    setBusy(false);
  };
  return (
    <button
      type="button"
      class={`button button-quiet save ${isSaved ? 'save-done' : ''}`}
      onClick={() => {
        if (signedInAs.peek() === undefined) askToSignIn('save auctions');
        else if (!busy) void change();
      }}
    >
      <BookmarkIcon />
      <span>
        {isSaved ? 'Saved' : 'Save'}
        <span class="unseen">{isSaved ? ` (take ${title} out)` : ` ${title}`}</span>
      </span>
    </button>
  );
}
