/** Reads what Redis holds of events, in the present form and in that of version 1. */
import { ownJson } from '@outcry/shared/contracts/api.ts';
import {
  eventLines,
  splitEventLine,
  type PublicEvent,
  type PublicState,
} from '@outcry/shared/contracts/events.ts';
import type { EventsMessage } from '@outcry/shared/contracts/live.ts';
import { isoTime, lastStateJson, readHead, shownEvents } from '@outcry/shared/contracts/records.ts';
import type { LiveEvent, LiveMessage } from '../../feed/live-message.ts';

/** A message of an auction's live channel. @throws Error when it is not one of ours */
export function readLiveMessage(auctionId: string, text: string): LiveMessage {
  if (text.startsWith('{')) {
    const message = ownJson<EventsMessage>(text);
    return {
      ...message,
      events: message.events.map((event) => live(event, JSON.stringify(event))),
    };
  }
  const { epoch, lastSeq, at } = readHead(text);
  return {
    auctionId,
    epoch,
    seq: lastSeq,
    events: shownEvents(text),
    state: ownJson<PublicState>(lastStateJson(text)),
    serverTime: isoTime(`${at}`),
  };
}

/** The public events of a log entry. @throws Error when it is not one of ours */
export function readLogEntry(fields: readonly string[]): readonly LiveEvent[] {
  const [name, publicText = '', , lines = ''] = fields;
  if (name === 'public') return shownEvents(publicText);
  return eventLines(lines).map((line) => {
    const { publicText: json } = splitEventLine(line);
    return live(ownJson<PublicEvent>(json), json);
  });
}

const live = ({ epoch, seq, parent }: PublicEvent, json: string): LiveEvent =>
  parent === undefined ? { epoch, seq, json } : { epoch, seq, parent, json };
