/** An OpenID Connect provider with three users, to try signing in with. Anybody may be any of them. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Provider, type Configuration, type JWK } from 'oidc-provider';
import { Memory } from './memory.ts';
import { PEOPLE, signInPage, signOutPage } from './pages.ts';
import { AUDIENCE, MACHINE, WEB_CLIENT } from './registration.ts';

export interface IdentityProviderOptions {
  readonly port: number;
  /** Origin of the web app. */
  readonly webOrigin: string;
  /** Of access tokens. Default: 5 minutes. */
  readonly tokenLifeSeconds?: number;
  /** What tokens say they are for. Default: {@link AUDIENCE}. */
  readonly audience?: () => string;
  /** Of a provider that ran before; by default an empty one. */
  readonly memory?: Memory;
}

export interface IdentityProvider {
  readonly issuer: string;
  /** From now on tokens are signed with another key, and the one of before is not published. */
  withdrawKey(): void;
  /** Ends; no connection is left. */
  close(): Promise<void>;
}

const DEFAULT_LIFE_SECONDS = 300;
const DAY_SECONDS = 86_400;

/** @throws Error when the port is taken */
export async function startIdentityProvider(
  options: IdentityProviderOptions,
): Promise<IdentityProvider> {
  const issuer = `http://localhost:${options.port}`;
  const { memory = new Memory() } = options;
  const cookieKeys = [randomBytes(32).toString('base64url')];
  let provider = providerWith(issuer, options, memory, cookieKeys);
  const server = createServer((request, response) => {
    void answer(provider, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  return {
    issuer,
    withdrawKey: () => {
      provider = providerWith(issuer, options, memory, cookieKeys);
    },
    close: () => closed(server),
  };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function newKey(): JWK {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const kid = randomBytes(8).toString('hex');
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };
}

function providerWith(
  issuer: string,
  {
    webOrigin,
    tokenLifeSeconds = DEFAULT_LIFE_SECONDS,
    audience = () => AUDIENCE,
  }: IdentityProviderOptions,
  memory: Memory,
  cookieKeys: string[],
): Provider {
  const configuration: Configuration = {
    adapter: memory.adapter,
    clients: [
      {
        client_id: WEB_CLIENT,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: [`${webOrigin}/signed-in`],
        post_logout_redirect_uris: [`${webOrigin}/`],
      },
      {
        client_id: MACHINE.id,
        client_secret: MACHINE.secret,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
      },
    ],
    jwks: { keys: [newKey()] },
    cookies: { keys: cookieKeys },
    clientBasedCORS: (_ctx, origin) => origin === webOrigin,
    claims: { openid: ['sub'], profile: ['name'] },
    conformIdTokenClaims: false,
    findAccount: (_ctx, accountId) => {
      const person = PEOPLE.get(accountId);
      return person && { accountId, claims: () => ({ sub: accountId, name: person.name }) };
    },
    extraTokenClaims: (ctx, token) => {
      const roles = 'accountId' in token ? PEOPLE.get(token.accountId ?? '')?.roles : ['seller'];
      const { RefreshToken: renewed, AuthorizationCode: granted } = ctx.oidc.entities;
      const signedInAt = (renewed ?? granted)?.authTime;
      return { roles, ...(signedInAt === undefined ? {} : { auth_time: signedInAt }) };
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: {
        logoutSource: (ctx, form) => {
          ctx.body = signOutPage(form);
        },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => `urn:${AUDIENCE}`,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: '',
          audience: audience(),
          accessTokenTTL: tokenLifeSeconds,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    // Without asking: there is one application.
    loadExistingGrant: async (ctx) => {
      const { client, session } = ctx.oidc;
      const known = session?.grantIdFor(client?.clientId ?? '');
      if (known !== undefined) return ctx.oidc.provider.Grant.find(known);
      const grant = new ctx.oidc.provider.Grant({
        accountId: session?.accountId ?? '',
        clientId: client?.clientId ?? '',
      });
      grant.addOIDCScope('openid profile');
      await grant.save();
      return grant;
    },
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    interactions: { url: (_ctx, { uid }) => `/people/${uid}` },
    ttl: {
      ClientCredentials: tokenLifeSeconds,
      Interaction: DAY_SECONDS,
      Session: DAY_SECONDS,
      Grant: DAY_SECONDS,
      IdToken: DEFAULT_LIFE_SECONDS,
      RefreshToken: DAY_SECONDS,
    },
  };
  return new Provider(issuer, configuration);
}

const PERSON = /^\/people\/[\w-]+(?:\/(\w+))?$/;

async function answer(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { url = '/', method = 'GET' } = request;
  const path = PERSON.exec(url);
  if (url === '/healthz') {
    response.end('ok');
  } else if (path === null) {
    await provider.callback()(request, response);
  } else {
    try {
      const { uid } = await provider.interactionDetails(request, response);
      const [, accountId] = path;
      if (method === 'POST' && accountId === 'nobody') {
        const refusal = { error: 'access_denied', error_description: 'You have not signed in.' };
        await provider.interactionFinished(request, response, refusal);
      } else if (method === 'POST' && accountId !== undefined && PEOPLE.has(accountId)) {
        await provider.interactionFinished(request, response, { login: { accountId } });
      } else {
        response.setHeader('content-type', 'text/html; charset=utf-8');
        response.end(signInPage(uid));
      }
    } catch {
      response.statusCode = 400;
      response.end('This sign-in is over. Go back and begin again.');
    }
  }
}
