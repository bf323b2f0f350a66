/** Finding the services: the gateway knows where the others are. */
import { effect, signal } from '@preact/signals';
import { sleep } from '@outcry/client/back-off.ts';
import { LiveFeed } from '@outcry/client/live-feed.ts';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { PublicConfig } from '@outcry/shared/contracts/api.ts';
import { addClock } from './clock.ts';
import { followNotices, forgetNews, hearNotice, readNoticesTwice, showToast } from './notices.ts';
import { Provider } from './provider.ts';
import { endSession, keepSignedIn, presentToken, renewBy, session, signOut } from './session.ts';
import { visitorName } from './visitor-name.ts';
import { Watchlist } from './watchlist.ts';
import { tokenReplacer } from './token-replacer.ts';

export interface Services {
  readonly config: PublicConfig;
  /** How people sign in; undefined where this page has no way. */
  readonly signIn: 'name' | Provider | undefined;
  readonly client: OutcryClient;
  readonly feed: LiveFeed;
  readonly watchlist: Watchlist;
}

export type Start =
  | { readonly phase: 'connecting' }
  /** The gateway did not answer; the next try is under way or comes at this time (ms, own clock). */
  | { readonly phase: 'unreachable'; readonly nextTryAt: number }
  | { readonly phase: 'ready'; readonly services: Services };

export const start = signal<Start>({ phase: 'connecting' });

const RETRY_EVERY_MS = 3_000;
const CONFIG_TIMEOUT_MS = 4_000;

/** Asks until there is an answer, then opens the live connection. */
export async function startServices(origin: string): Promise<void> {
  const asking = new OutcryClient({
    gatewayUrl: origin,
    timeoutMs: CONFIG_TIMEOUT_MS,
    retries: 0,
  });
  for (;;) {
    try {
      const config = await asking.config();
      start.value = { phase: 'ready', services: openServices(config) };
      return;
    } catch (error) {
      console.warn('the gateway cannot be reached, retrying', error);
      start.value = { phase: 'unreachable', nextTryAt: Date.now() + RETRY_EVERY_MS };
      await sleep(RETRY_EVERY_MS);
    }
  }
}

function openServices(config: PublicConfig): Services {
  const { gatewayUrl, historyUrl, broadcastUrl } = config;
  const client = new OutcryClient({ gatewayUrl, historyUrl, token: presentToken });
  const replaceToken = tokenReplacer(client);
  const feed = new LiveFeed({
    url: broadcastUrl,
    token: presentToken,
    viewer: visitorName(),
    onKept: () => {
      watchlist.again();
      readNoticesTwice();
    },
    onAnnouncement: (detail) => {
      showToast({ tone: 'good', title: 'From the auction house', detail, path: null });
    },
    onNotice: (notice) => void hearNotice(client, notice),
    onRefused: ({ code }) => {
      const current = session.peek();
      if (code === 'SIGNED_OUT' && current !== null) endSession(current);
      else void replaceToken();
    },
  });
  const watchlist = new Watchlist(client);
  addClock(feed.serverClock);
  const signIn = signInOf(config);
  // A sign-in kept from when this address ran another system means nothing to this one.
  const kept = session.peek();
  const isByProvider = signIn instanceof Provider;
  const isForeign = signIn === undefined || (kept?.provider !== undefined) !== isByProvider;
  if (kept !== null && isForeign) signOut();
  if (isByProvider) renewBy((_client, old) => signIn.renewed(old));
  if (signIn !== undefined) keepSignedIn(client);
  followNotices(client);
  let { token: connectedAs, userId: newsOf } = session.peek() ?? {};
  effect(() => {
    const { token, userId } = session.value ?? {};
    const isSameUser = userId === newsOf;
    if (!isSameUser) forgetNews();
    newsOf = userId;
    if (token === connectedAs) return;
    connectedAs = token;
    // Notices go to the user whose token the connection was opened with.
    if (isSameUser) void feed.renewToken();
    else feed.reconnect();
  });
  return { config, client, feed, watchlist, signIn };
}

function signInOf({ auth, gatewayUrl }: PublicConfig): Services['signIn'] {
  if (auth.mode === 'oidc') return new Provider(auth, gatewayUrl);
  return auth.mode === 'dev' ? 'name' : undefined;
}

type ClientOptions = ConstructorParameters<typeof OutcryClient>[0];
type ClientClass<T> = new (options: ClientOptions & { readonly historyUrl: string }) => T;

const others = new WeakMap<Services, Map<ClientClass<unknown>, unknown>>();

/** A client of the same services for what few pages do, made once. */
export function clientOf<T>(services: Services, Client: ClientClass<T>): T {
  const made = others.get(services) ?? new Map<ClientClass<unknown>, unknown>();
  others.set(services, made);
  const { gatewayUrl, historyUrl } = services.config;
  const client = made.get(Client) ?? new Client({ gatewayUrl, historyUrl, token: presentToken });
  made.set(Client, client);
  return client as T;
}

/** Here, in all tabs, and at the provider, whose page is then gone to. */
export function signOutEverywhere({ signIn }: Services): void {
  const old = session.peek();
  signOut();
  if (signIn instanceof Provider && old !== null) void signIn.signOut(old);
}
