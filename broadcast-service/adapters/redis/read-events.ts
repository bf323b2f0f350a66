/** Reads what Redis holds of events: the only place that knows the form of channel and log. */
import { ownJson } from '@outcry/shared/contracts/api.ts';
import { eventLines, splitEventLine, type PublicEvent } from '@outcry/shared/contracts/events.ts';
import type { EventsMessage } from '@outcry/shared/contracts/live.ts';
import type { LiveEvent, LiveMessage } from '../../feed/live-message.ts';

/** A message of an auction's live channel. @throws Error when it is not one of ours */
export function readLiveMessage(text: string): LiveMessage {
  const message = ownJson<EventsMessage>(text);
  return { ...message, events: message.events.map((event) => live(event, JSON.stringify(event))) };
}

/** The public events of a log entry. @throws Error when it is not one of ours */
export function readLogEntry(fields: readonly string[]): readonly LiveEvent[] {
  const text = fields[fields.indexOf('events') + 1] ?? '';
  return eventLines(text).map((line) => {
    const { publicText } = splitEventLine(line);
    return live(ownJson<PublicEvent>(publicText), publicText);
  });
}

const live = ({ epoch, seq, parent }: PublicEvent, json: string): LiveEvent =>
  parent === undefined ? { epoch, seq, json } : { epoch, seq, parent, json };
