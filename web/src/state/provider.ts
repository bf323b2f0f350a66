/**
 * Signing in with an OpenID Connect provider: authorization code with PKCE, renewal by refresh token.
 * The library is loaded when it is needed; visitors do without it.
 */
import type { AuthorizationServer, Client, TokenEndpointResponse } from 'oauth4webapi';
import { clientProblem, OutcryError } from '@outcry/client/outcry-error.ts';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { CallerView, PublicAuth } from '@outcry/shared/contracts/api.ts';
import { SIGNED_IN_PATH } from '../routes.ts';
import { keepPendingSignIn, takePendingSignIn } from './pending-sign-in.ts';
import { askOtherTabs, storedSession, type Session } from './stored-session.ts';

type ProviderAuth = Extract<PublicAuth, { readonly mode: 'oidc' }>;
type Library = (typeof import('./oauth.ts'))['oauth'];

/** For each answer of the provider. */
const LIMIT_MS = 8_000;
/** Of a token whose provider does not say how long it lives. */
const DEFAULT_LIFE_SECONDS = 300;
const RENEWAL_LOCK = 'outcry.renewal';

export class Provider {
  /** Its name for people. */
  readonly host: string;
  readonly #auth: ProviderAuth;
  readonly #client: Client;
  readonly #gatewayUrl: string;
  #server: AuthorizationServer | undefined;

  constructor(auth: ProviderAuth, gatewayUrl: string) {
    this.host = URL.canParse(auth.issuer) ? new URL(auth.issuer).host : auth.issuer;
    this.#auth = auth;
    this.#client = { client_id: auth.clientId };
    this.#gatewayUrl = gatewayUrl;
  }

  /**
   * Leaves the page for the provider's.
   * @param back path and query of the page to come back to
   * @param anew also somebody whom the provider still knows is to say who it is
   * @throws OutcryError UNAVAILABLE when the provider cannot be asked
   */
  begin(back: string, anew = false): Promise<void> {
    return this.#do(async (oauth, server) => {
      const { clientId, scopes, audience } = this.#auth;
      const verifier = oauth.generateRandomCodeVerifier();
      const pending = {
        verifier,
        state: oauth.generateRandomState(),
        nonce: oauth.generateRandomNonce(),
        back,
        anew,
      };
      keepPendingSignIn(pending);
      leaveFor(server.authorization_endpoint, {
        client_id: clientId,
        redirect_uri: redirectUri(),
        response_type: 'code',
        scope: scopes,
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...(audience === undefined ? {} : { audience }),
        ...(anew ? { prompt: 'login' } : {}),
      });
    });
  }

  /**
   * Makes a session of what the provider sent back.
   * @param address of the page it sent the user to
   * @throws OutcryError FORBIDDEN when the provider refused, UNAUTHENTICATED when the gateway does not
   *   take its token, UNAVAILABLE when either cannot be asked, NOT_FOUND when this was done before
   */
  async complete(address: string): Promise<{ readonly session: Session; readonly back: string }> {
    const pending = takePendingSignIn();
    if (pending === null) {
      throw new OutcryError(clientProblem('NOT_FOUND', 'nobody waits for this sign-in'));
    }
    const { tokens, claims } = await this.#do(async (oauth, server, options) => {
      const url = new URL(address);
      const granted = oauth.validateAuthResponse(server, this.#client, url, pending.state);
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        this.#client,
        oauth.None(),
        granted,
        redirectUri(),
        pending.verifier,
        options,
      );
      const checks = { expectedNonce: pending.nonce, requireIdToken: true };
      const result = await oauth.processAuthorizationCodeResponse(
        server,
        this.#client,
        response,
        checks,
      );
      return { tokens: result, claims: oauth.getValidatedIdTokenClaims(result) };
    });
    const gatewayUrl = this.#gatewayUrl;
    let me: CallerView;
    try {
      me = await new OutcryClient({ gatewayUrl, token: tokens.access_token }).me();
    } catch (error) {
      // The provider has not asked again since the user signed out everywhere.
      const isTooOld = error instanceof OutcryError && error.code === 'SIGNED_OUT';
      if (isTooOld && !pending.anew) await this.begin(pending.back, true);
      throw error;
    }
    const session: Session = {
      ...tokenOf(tokens),
      userId: me.id,
      roles: me.roles,
      provider: {
        name:
          [claims?.['name'], claims?.['preferred_username'], claims?.['email']].find(isText) ??
          me.id,
        subject: claims?.sub ?? '',
        lifeMs: lifeMsOf(tokens),
        idToken: tokens.id_token ?? '',
        refreshToken: tokens.refresh_token ?? null,
      },
    };
    return { session, back: pending.back };
  }

  /**
   * A newer token for the session's user. Of several tabs one asks, and the others get what it got: a
   * provider may take a refresh token only once.
   * @throws OutcryError FORBIDDEN when the provider gives none any more, UNAVAILABLE when it cannot be
   *   asked
   */
  renewed(old: Session): Promise<Session> {
    return navigator.locks.request(RENEWAL_LOCK, async () => {
      await askOtherTabs();
      const kept = storedSession();
      if (kept?.userId === old.userId && kept.token !== old.token) return kept;
      return this.#renewed(old);
    });
  }

  async #renewed(old: Session): Promise<Session> {
    const { provider } = old;
    if (provider === undefined || provider.refreshToken === null) {
      const code = old.expiresAtMs <= Date.now() ? 'FORBIDDEN' : 'UNAVAILABLE';
      throw new OutcryError(clientProblem(code, 'the sign-in cannot be renewed'));
    }
    const { refreshToken, idToken, subject } = provider;
    const { tokens, claims } = await this.#do(async (oauth, server, options) => {
      const response = await oauth.refreshTokenGrantRequest(
        server,
        this.#client,
        oauth.None(),
        refreshToken,
        options,
      );
      const result = await oauth.processRefreshTokenResponse(server, this.#client, response);
      return { tokens: result, claims: oauth.getValidatedIdTokenClaims(result) };
    });
    if (claims !== undefined && claims.sub !== subject) {
      throw new OutcryError(clientProblem('FORBIDDEN', 'another user’s token'));
    }
    return {
      ...tokenOf(tokens),
      userId: old.userId,
      roles: old.roles,
      provider: {
        ...provider,
        lifeMs: lifeMsOf(tokens),
        idToken: tokens.id_token ?? idToken,
        refreshToken: tokens.refresh_token ?? refreshToken,
      },
    };
  }

  /**
   * Ends the session at the provider too, whose page this one is left for; the refresh token may outlive
   * that session, and is withdrawn. A provider that cannot be asked, or knows neither, is left alone:
   * here the user is signed out already.
   */
  async signOut({ provider }: Session): Promise<void> {
    if (provider === undefined) return;
    const { refreshToken, idToken } = provider;
    try {
      await this.#do(async (oauth, server, options) => {
        if (refreshToken !== null && server.revocation_endpoint !== undefined) {
          await oauth
            .revocationRequest(server, this.#client, oauth.None(), refreshToken, options)
            .catch(() => undefined);
        }
        leaveFor(server.end_session_endpoint, {
          client_id: this.#auth.clientId,
          id_token_hint: idToken,
          post_logout_redirect_uri: `${location.origin}/`,
        });
      });
    } catch (error) {
      console.warn('the session at the provider may not have ended', error);
    }
  }

  /** @throws OutcryError */
  async #do<T>(
    step: (oauth: Library, server: AuthorizationServer, options: object) => Promise<T>,
  ): Promise<T> {
    try {
      const { oauth } = await import('./oauth.ts');
      const issuer = new URL(this.#auth.issuer);
      // Without TLS only where the operator has said so, as on one's own machine.
      const options = (): object => ({
        signal: AbortSignal.timeout(LIMIT_MS),
        [oauth.allowInsecureRequests]: issuer.protocol === 'http:',
      });
      this.#server ??= await oauth.processDiscoveryResponse(
        issuer,
        await oauth.discoveryRequest(issuer, options()),
      );
      return await step(oauth, this.#server, options());
    } catch (error) {
      throw outcryError(error);
    }
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';

const redirectUri = (): string => `${location.origin}${SIGNED_IN_PATH}`;

function leaveFor(address: string | undefined, query: Record<string, string>): void {
  if (address === undefined) throw new Error('no such page');
  const url = new URL(address);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  location.assign(url.href);
}

const lifeMsOf = ({ expires_in: seconds = DEFAULT_LIFE_SECONDS }: TokenEndpointResponse): number =>
  seconds * 1_000;

const tokenOf = (tokens: TokenEndpointResponse): { token: string; expiresAtMs: number } => ({
  token: tokens.access_token,
  expiresAtMs: Date.now() + lifeMsOf(tokens),
});

/** The provider's own "try again later" (RFC 6749, 4.1.2.1). */
const PASSING = new Set(['temporarily_unavailable', 'server_error']);

/** @returns what says whether the provider refused, or could not be asked */
function outcryError(error: unknown): OutcryError {
  if (error instanceof OutcryError) return error;
  // An answer with an error code, of either of its pages: the library's classes have it alike.
  const answer: unknown = error instanceof Error ? Reflect.get(error, 'error') : undefined;
  if (typeof answer === 'string' && !PASSING.has(answer)) {
    const said: unknown = Reflect.get(Object(error), 'error_description');
    const detail = typeof said === 'string' ? said : answer;
    return new OutcryError(clientProblem('FORBIDDEN', detail), undefined, error);
  }
  return new OutcryError(clientProblem('UNAVAILABLE', 'no answer'), undefined, error);
}
