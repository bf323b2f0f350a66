/**
 * What winner and seller do after a sale is the installation's: a text, and a link to where it goes on. The
 * link names the auction and for whom it is, signed, so that the page behind it need not believe a browser.
 */
import { createHmac } from 'node:crypto';
import type { NextStep } from '@outcry/shared/contracts/history.ts';

type Step = { readonly [part in 'text' | 'url']: string | undefined };

export interface NextSteps {
  readonly winner: Step;
  readonly seller: Step;
  /** Signs links. */
  readonly secret: string;
}

/** @param party who of the two asks */
export function nextStep(
  { secret, ...steps }: NextSteps,
  auctionId: string,
  party: 'winner' | 'seller',
): NextStep {
  const { text, url } = steps[party];
  if (url === undefined) return { text: text ?? null, url: null };
  const signed = new URL(url);
  signed.searchParams.set('auction', auctionId);
  signed.searchParams.set('party', party);
  signed.searchParams.set('signature', signatureOf(secret, auctionId, party));
  return { text: text ?? null, url: signed.href };
}

/** HMAC-SHA256 of `auction party`, base64url; the receiving page computes the same. */
const signatureOf = (secret: string, auctionId: string, party: string): string =>
  createHmac('sha256', secret).update(`${auctionId} ${party}`).digest('base64url');
