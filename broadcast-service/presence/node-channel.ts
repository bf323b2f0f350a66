/** What nodes say to each other about their viewers. Messages may be lost. */
import type { CountsMessage } from './viewer-counts.ts';

export type NodeMessage =
  | ({ readonly say: 'counts' } & CountsMessage)
  /** The named node should send all its counts. */
  | { readonly say: 'tell-all'; readonly node: string }
  | { readonly say: 'good-bye'; readonly node: string };

export interface NodeChannel {
  /** Sends to all nodes, the sender included. Never rejects; answers within a time limit. */
  publish(message: NodeMessage): Promise<void>;
  hear(listener: (message: NodeMessage) => void): void;
}
