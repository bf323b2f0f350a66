/**
 * The compact texts that the decide script writes, and the JSON that the rest of the world sees of
 * them. The script holds each fact once; these pure functions make of it, byte for byte, the events,
 * states and lines of events.ts. Words have one space between them.
 *
 *     shown     epoch seq state
 *     state     status outcome|- price minimumBid|- leader|0 bidCount reserveMet(1|0) endsAt(ms)
 *     public    2 epoch firstSeq at(ms), and a line for each event:
 *                 type [alias amount | parent | [alias] reason(percent-encoded)] state
 *     private   a line for each event:
 *                 salt leaderMax leaderId              timed events, extended after an outage
 *                 … fork                               epoch
 *                 … userId bidId alias amount|0 maxAmount|0 fingerprint key     bid, no_change, bought
 *                 … userId fingerprint key             cancelled, extended, paused, resumed, removed
 *                 … userId fingerprint key startsAt endsAt hardEndsAt creation(JSON)     scheduled
 *
 *     notices   a line for each auction of which users are told something:
 *                 auctionId price minimumBid|- own beaten winner
 *               with users joined by commas: whose own view has changed, who was outbid, who has won
 *
 * `2` is the version of the record. An entry of a log has the fields `public` and `private`; the
 * public part alone is what a live channel carries. Version 1 had JSON in both places (the fields
 * `epoch` and `events` in the log): it is still read, never written.
 */
import { isBookId } from '../domain/ids.ts';
import { auctionView, ownJson, type AuctionView, type PublicTerms } from './api.ts';
import {
  EVENT_TYPES,
  eventLines,
  splitEventLine,
  type EventType,
  type PublicEvent,
  type PublicState,
} from './events.ts';
import type { Notice, Position } from './live.ts';

const VERSION = '2';
const NO_VALUE = '-';
const STATE_WORDS = 8;
/** Of the private part of an event that nobody commanded. */
const TIMED_WORDS = 3;

/** The texts of a call name the same few times again and again; formatting one costs more. */
const knownTimes = new Map<string, string>();
const MAX_KNOWN_TIMES = 1_000;

/** ISO 8601 of ms since 1970 in digits. */
export function isoTime(ms: string): string {
  const known = knownTimes.get(ms);
  if (known !== undefined) return known;
  if (knownTimes.size >= MAX_KNOWN_TIMES) knownTimes.clear();
  const text = new Date(Number(ms)).toISOString();
  knownTimes.set(ms, text);
  return text;
}

/**
 * The JSON of a `PublicState`.
 * @param state a state record; JSON of version 1 stays as it is
 */
export const stateJson = (state: string): string =>
  state.startsWith('{') ? state : stateJsonOf(state.split(' '), 0);

function stateJsonOf(words: readonly string[], at: number): string {
  const outcome = words[at + 1] === NO_VALUE ? '' : `,"outcome":"${words[at + 1]}"`;
  const minimumBid = words[at + 3] === NO_VALUE ? 'null' : words[at + 3];
  const leader = words[at + 4] === '0' ? 'null' : words[at + 4];
  return `{"status":"${words[at]}"${outcome},"price":${words[at + 2]},"minimumBid":${minimumBid},"leader":${leader},"bidCount":${words[at + 5]},"reserveMet":${words[at + 6] === '1'},"endsAt":"${isoTime(words[at + 7] ?? '')}"}`;
}

/** The state record of a `PublicState`. */
export function stateRecord(state: PublicState): string {
  const { status, outcome, price, minimumBid, leader, bidCount, reserveMet, endsAt } = state;
  return `${status} ${outcome ?? NO_VALUE} ${price} ${minimumBid ?? NO_VALUE} ${leader ?? 0} ${bidCount} ${reserveMet ? 1 : 0} ${Date.parse(endsAt)}`;
}

/** Where an auction stands. */
export interface Standing extends Position {
  /** A state record, or the JSON of version 1. */
  readonly state: string;
}

/** The fields of an auction's hash that say where it stands, in either version. */
export const STANDING_FIELDS = ['shown', 'epoch', 'seq', 'state'] as const;

type Stored = string | null | undefined;

/**
 * Where an auction stands.
 * @param values of {@link STANDING_FIELDS}, as Redis gives them
 * @returns undefined when the auction is not there
 * @throws Error when the field has not its form
 */
export function readStanding(values: readonly Stored[]): Standing | undefined {
  const [shown, epoch, seq, state] = values;
  if (typeof shown !== 'string') {
    if (typeof epoch !== 'string') return undefined;
    return { epoch: Number(epoch), seq: Number(seq), state: state ?? '' };
  }
  const match = /^(\d+) (\d+) (.+)$/.exec(shown);
  if (match === null) throw new Error(`an auction's state has not its form: ${shown}`);
  return { epoch: Number(match[1]), seq: Number(match[2]), state: match[3] ?? '' };
}

/** The fields of an auction's hash that {@link readStoredView} takes. */
export const VIEW_FIELDS = ['terms', ...STANDING_FIELDS] as const;

/**
 * The auction as everybody may see it.
 * @param values of {@link VIEW_FIELDS}, as Redis gives them
 * @param serverTime ISO 8601
 * @returns undefined when the auction is not there
 */
export function readStoredView(
  [terms, ...values]: readonly Stored[],
  serverTime: string,
): AuctionView | undefined {
  const standing = readStanding(values);
  if (standing === undefined || typeof terms !== 'string') return undefined;
  return readView(terms, standing, serverTime);
}

/** The same from its parts. @param termsText the `terms` field */
export function readView(termsText: string, standing: Standing, serverTime: string): AuctionView {
  const { epoch, seq, state } = standing;
  const terms = ownJson<PublicTerms>(termsText);
  // A number in ms; text in version 1.
  const startsAt = new Date(terms.startsAt).toISOString();
  return auctionView({ ...terms, startsAt }, ownJson<PublicState>(stateJson(state)), {
    epoch,
    seq,
    serverTime,
  });
}

/** A log entry, or a message of a live channel, whose private part is then empty. */
export interface EventRecord {
  readonly publicText: string;
  readonly privateText: string;
}

/** An entry's place and time, from its public part's first line. */
export interface RecordHead {
  readonly epoch: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** When the script decided it, ms. */
  readonly at: number;
}

/** @throws Error when it is no record of this version */
export function readHead(publicText: string): RecordHead {
  const end = publicText.indexOf('\n');
  const [version, epoch, firstSeq, at] = publicText.slice(0, end).split(' ');
  if (end < 0 || version !== VERSION || at === undefined) {
    throw new Error('not a record of version 2');
  }
  let events = 0;
  for (let line = end; line >= 0; line = publicText.indexOf('\n', line + 1)) events += 1;
  const first = Number(firstSeq);
  return { epoch: Number(epoch), firstSeq: first, lastSeq: first + events - 1, at: Number(at) };
}

/** An event of a public part. */
export interface ShownEvent extends Position {
  readonly type: EventType;
  /** Of an event that begins an epoch: the epoch it forked from. */
  readonly parent?: number;
  /** A `PublicEvent`. */
  readonly json: string;
}

/** The events of a public part, in order. @throws Error when it has not the form above */
export function shownEvents(publicText: string): ShownEvent[] {
  const { epoch, firstSeq, at } = readHead(publicText);
  const [, ...events] = publicText.split('\n');
  const time = isoTime(`${at}`);
  return events.map((event, nth) => {
    const words = event.split(' ');
    const type = typeOf(words[0]);
    const seq = firstSeq + nth;
    const stateAt = words.length - STATE_WORDS;
    const json = `{"epoch":${epoch},"seq":${seq},"type":"${type}","at":"${time}","state":${stateJsonOf(words, stateAt)}${shownMembers(type, words, stateAt)}}`;
    return type === 'epoch'
      ? { epoch, seq, type, parent: Number(words[1]), json }
      : { epoch, seq, type, json };
  });
}

/** What the public part of an event says besides the state. @param end where the state begins */
function shownMembers(type: EventType, words: readonly string[], end: number): string {
  switch (type) {
    case 'bid':
    case 'bought':
      return `,"bid":{"alias":${words[1]},"amount":${words[2]}}`;
    case 'epoch':
      return `,"parent":${words[1]}`;
    case 'removed':
      return `,"bidder":${words[1]}${reasonMember(words, 2, end)}`;
    default:
      return reasonMember(words, 1, end);
  }
}

function reasonMember(words: readonly string[], at: number, end: number): string {
  const word = words[at];
  return word === undefined || at >= end ? '' : `,"reason":${JSON.stringify(decodeReason(word))}`;
}

/** A reason as one word of a record. @param text without lone surrogates */
export const encodeReason = (text: string): string => encodeURIComponent(text);

function decodeReason(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word; // none of ours: still no reason to stop at the event
  }
}

/** The JSON of the `PublicState` after the last event of a public part. */
export function lastStateJson(publicText: string): string {
  const words = publicText.slice(publicText.lastIndexOf('\n') + 1).split(' ');
  return stateJsonOf(words, words.length - STATE_WORDS);
}

const EVENT_TYPE_OF: ReadonlyMap<string | undefined, EventType> = new Map(
  EVENT_TYPES.map((type) => [type, type]),
);

function typeOf(word: string | undefined): EventType {
  const type = EVENT_TYPE_OF.get(word);
  if (type === undefined) throw new Error(`no event of a record: ${word}`);
  return type;
}

/** The lines of events.ts that a record stands for, joined by line feeds. */
export function recordLines(auctionId: string, record: EventRecord): string {
  return isBookId(auctionId) ? bookLines(auctionId, record) : auctionLines(auctionId, record);
}

/** The same of a book, whose form books.ts tells. */
function bookLines(bookId: string, { publicText, privateText }: EventRecord): string {
  const { epoch, firstSeq, at } = readHead(publicText);
  const time = isoTime(`${at}`);
  const secrets = privateText.split('\n');
  const [, ...events] = publicText.split('\n');
  const lines = events.map((event, nth) => {
    const [type, status, word] = event.split(' ');
    const more =
      word === undefined
        ? ''
        : type === 'epoch'
          ? `,"parent":${word}`
          : `,"reason":${JSON.stringify(decodeReason(word))}`;
    const shown = `{"epoch":${epoch},"seq":${firstSeq + nth},"type":"${type}","at":"${time}","status":"${status}"${more}}`;
    const secret = secrets[nth] ?? '';
    const salt = secret.slice(0, secret.indexOf(' '));
    return `{"v":1,"auctionId":"${bookId}","public":${shown},"salt":"${salt}","private":${secret.slice(salt.length + 1)}}`;
  });
  return lines.join('\n');
}

function auctionLines(auctionId: string, { publicText, privateText }: EventRecord): string {
  const secrets = privateText.split('\n');
  const lines = shownEvents(publicText).map(({ type, json }, nth) => {
    const secret = secrets[nth] ?? '';
    const salt = secret.slice(0, secret.indexOf(' '));
    return `{"v":1,"auctionId":"${auctionId}","public":${json},"salt":"${salt}","private":${privateJson(type, secret)}}`;
  });
  return lines.join('\n');
}

/** The JSON of a `PrivateEvent`. */
function privateJson(type: EventType, secret: string): string {
  const words = secret.split(' ');
  const [, leaderMax, leaderId] = words;
  const own = ownMembers(type, words);
  const leader = leaderId === '' ? '' : `"leaderId":"${leaderId}","leaderMax":${leaderMax}`;
  return `{${own}${own !== '' && leader !== '' ? ',' : ''}${leader}}`;
}

/** What the private part of an event says besides the leader. */
function ownMembers(type: EventType, words: readonly string[]): string {
  switch (type) {
    case 'started':
    case 'ended':
      return '';
    case 'epoch':
      return `"fork":${words[3]}`;
    case 'bid':
    case 'no_change':
    case 'bought': {
      const [, , , userId, bidId, alias, amount, maxAmount, fingerprint, key = ''] = words;
      const exact = amount === '0' ? '' : `,"amount":${amount}`;
      const maximum = maxAmount === '0' ? '' : `,"maxAmount":${maxAmount}`;
      return `"userId":"${userId}","bidId":"${bidId}","alias":${alias}${exact}${maximum},"key":${JSON.stringify(key)},"fingerprint":"${fingerprint}"`;
    }
    case 'cancelled':
    case 'extended':
    case 'paused':
    case 'resumed':
    case 'removed':
      return words.length > TIMED_WORDS ? managersMembers(words) : '';
    case 'scheduled': {
      const [, , , , , , startsAt, endsAt, hardEndsAt] = words;
      const creation = words.slice(9).join(' ');
      return `${managersMembers(words)},"creation":${creation},"startsAt":${startsAt},"endsAt":${endsAt},"hardEndsAt":${hardEndsAt}`;
    }
  }
}

const managersMembers = ([, , , userId, fingerprint, key = '']: readonly string[]): string =>
  `"userId":"${userId}","key":${JSON.stringify(key)},"fingerprint":"${fingerprint}"`;

/** An entry of an auction's log: its place, and the lines of events.ts. */
export interface LoggedLines extends RecordHead {
  /** The lines, joined by line feeds; made when it is read, because most looks at a log need no lines. */
  readonly text: string;
}

/**
 * Reads an entry of either version.
 * @param fields its names and values in turn, as Redis gives them
 * @throws Error when it is not one of ours
 */
export function readLogEntry(auctionId: string, fields: readonly string[]): LoggedLines {
  const [name, first = '', , second = ''] = fields;
  if (name === 'public') {
    return {
      ...readHead(first),
      get text() {
        return recordLines(auctionId, { publicText: first, privateText: second });
      },
    };
  }
  const lines = eventLines(second);
  const [begin] = lines;
  const event = ownJson<PublicEvent>(splitEventLine(begin ?? '').publicText);
  const lastSeq = event.seq + lines.length - 1;
  return {
    epoch: event.epoch,
    firstSeq: event.seq,
    lastSeq,
    at: Date.parse(event.at),
    text: second,
  };
}

/** What users are told; a message of version 1 is JSON, an array of `Notice`. */
export const readNotices = (text: string): readonly Notice[] =>
  text.startsWith('[') ? ownJson<readonly Notice[]>(text) : text.split('\n').flatMap(noticesOf);

function noticesOf(line: string): Notice[] {
  const [auctionId = '', priceText, minimum, own, beaten, winner] = line.split(' ');
  const price = Number(priceText);
  const minimumBid = minimum === '-' ? null : Number(minimum);
  return [
    ...toEach(own, (userId) => ({ type: 'own', userId, auctionId })),
    ...toEach(beaten, (userId) => ({ type: 'outbid', userId, auctionId, price, minimumBid })),
    ...toEach(winner, (userId) => ({ type: 'won', userId, auctionId, price })),
  ];
}

/** @param users joined by commas */
const toEach = (users: string | undefined, notice: (userId: string) => Notice): Notice[] =>
  users === undefined || users === '' ? [] : users.split(',').map(notice);
