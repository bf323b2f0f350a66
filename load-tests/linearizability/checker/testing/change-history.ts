/** Small changes that make a valid history wrong. */
import type {
  History,
  HistoryAnswer,
  HistoryCommand,
  HistoryRequest,
  LoggedEvent,
} from '../../history.ts';

export type Change = (history: History) => History;

export const withEvents = (change: (events: LoggedEvent[]) => LoggedEvent[]): Change => {
  return (history) => ({ ...history, events: change([...history.events]) });
};
const withEvent = (seq: number, change: (event: LoggedEvent) => LoggedEvent): Change =>
  withEvents((events) => events.map((each) => (each.public.seq === seq ? change(each) : each)));
export const withPublic = (seq: number, change: Partial<LoggedEvent['public']>): Change =>
  withEvent(seq, (event) => ({ ...event, public: { ...event.public, ...change } }));
export const withState = (seq: number, change: Partial<LoggedEvent['public']['state']>): Change =>
  withEvent(seq, (event) => ({
    ...event,
    public: { ...event.public, state: { ...event.public.state, ...change } },
  }));
export const withPrivate = (seq: number, change: Partial<LoggedEvent['private']>): Change =>
  withEvent(seq, (event) => ({ ...event, private: { ...event.private, ...change } }));
const withCommand = (id: number, change: (command: HistoryCommand) => HistoryCommand): Change => {
  return (history) => ({
    ...history,
    commands: history.commands.map((each) => (each.id === id ? change(each) : each)),
  });
};
export const without = (...ids: readonly number[]): Change => {
  return (history) => ({
    ...history,
    commands: history.commands.filter(({ id }) => !ids.includes(id)),
  });
};
export const withBody = (id: number, change: Record<string, unknown>, replayed?: boolean): Change =>
  withCommand(id, (command) => {
    if (command.answer === null) throw new Error(`command ${id} has no answer`);
    const { answer } = command;
    return {
      ...command,
      answer: {
        ...answer,
        replayed: replayed ?? answer.replayed,
        body: { ...answer.body, ...change },
      },
    };
  });
/** The command gets this answer, just after it was sent when it had none. */
export const withAnswer = (id: number, answer: HistoryAnswer | null): Change =>
  withCommand(id, (command) => ({ ...command, answer, end: command.end ?? command.start + 1 }));
export const withRequest = (id: number, request: HistoryRequest): Change =>
  withCommand(id, (command) => ({ ...command, request }));
export const withKey = (id: number, key: string): Change =>
  withCommand(id, (command) => ({ ...command, key }));
export const at = (id: number, start: number, end: number): Change =>
  withCommand(id, (command) => ({ ...command, start, end }));
/** The command gets the answer of another one. */
export const answeredAs = (id: number, other: number): Change => {
  return (history) => withAnswer(id, history.commands[other]?.answer ?? null)(history);
};
