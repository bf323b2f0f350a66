import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { isOver } from '@outcry/shared/contracts/events.ts';
import type { AuctionTerms, OwnAuction } from '@outcry/shared/contracts/history.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import { useEffect, useState } from 'preact/hooks';
import { refusalWords } from '../format/refusals.ts';
import { duplicatePath, roomPath } from '../routes.ts';
import { problemOf } from '../state/problem-of.ts';
import { asUser } from '../state/session.ts';
import { Button, ButtonLink } from './button.tsx';
import { Empty, Waiting } from './empty.tsx';

interface ReadOwnAuctionProps {
  readonly client: OutcryClient;
  readonly auctionId: string;
  /** It is to be changed, which ends with its first bid. */
  readonly isChange: boolean;
  readonly onRead: (auction: OwnAuction, terms: AuctionTerms) => void;
}

/** The archive has a new auction after a moment. */
const MAX_TRIES = 5;
const PAUSE_MS = 1_000;

/** Stands in for the form until it is known what to fill it with, or why there is nothing. */
export function ReadOwnAuction({ client, auctionId, isChange, onRead }: ReadOwnAuctionProps) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [found, setFound] = useState<OwnAuction | null>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const gone = new AbortController();
    const { signal } = gone;
    const read = async (): Promise<void> => {
      for (let tries = 1; !signal.aborted; tries += 1) {
        try {
          const auction = await asUser(client, () => client.ownAuction(auctionId));
          if (signal.aborted) return;
          const isFixed = isChange && (isOver(auction.status) || auction.leader !== null);
          if (auction.terms === null || isFixed) setFound(auction);
          else onRead(auction, auction.terms);
          return;
        } catch (error) {
          const refused = problemOf(error);
          if (refused.status !== 404 || tries === MAX_TRIES) {
            if (!signal.aborted) setProblem(refused);
            return;
          }
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        }
      }
    };
    void read();
    return () => gone.abort();
  }, [client, auctionId, attempt]);
  if (problem !== null) {
    const { title, advice } = refusalWords(problem);
    return (
      <Empty title={title}>
        <p role="status">{advice}</p>
        <Button
          onClick={() => {
            setProblem(null);
            setAttempt(attempt + 1);
          }}
        >
          Try again
        </Button>
      </Empty>
    );
  }
  if (found !== null) {
    return (
      <Empty title="It stays as it is">
        <p role="status">{whyFixed(found)}</p>
        <ButtonLink href={roomPath(auctionId)}>See the auction</ButtonLink>
        {found.terms !== null && (
          <ButtonLink look="primary" href={duplicatePath(auctionId)}>
            Sell another one like it
          </ButtonLink>
        )}
      </Empty>
    );
  }
  return <Waiting>Reading the auction …</Waiting>;
}

function whyFixed({ terms, status }: OwnAuction): string {
  if (terms === null) return 'Its terms were erased with the account of another user.';
  return isOver(status)
    ? 'The auction is over, so its terms cannot be changed any more.'
    : 'Somebody has bid, so its terms cannot be changed any more.';
}
