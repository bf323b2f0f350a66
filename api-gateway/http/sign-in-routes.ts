import type { CallerView } from '@outcry/shared/contracts/api.ts';
import { callerView, devToken, publicConfig } from '@outcry/shared/contracts/api-answers.ts';
import { devTokenRequest } from '@outcry/shared/contracts/api-schemas.ts';
import { answerJson, answerProblem, setHeader } from '@outcry/shared/http/exchange.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import { ROLE_NAMES } from '@outcry/shared/runtime/config.ts';
import type { GatewayParts } from './gateway-parts.ts';

/**
 * How to sign in here, whom a token names, and tokens for demo users on one's own machine; with the
 * addresses of the services.
 */
export const SIGN_IN_ROUTES: readonly Route<GatewayParts>[] = [
  route(
    {
      method: 'get',
      path: '/v1/config',
      name: 'readConfig',
      summary: 'Where the other services are, as browsers reach them',
      who: 'anyone',
      answer: { status: 200, schema: publicConfig },
      refusals: [],
      example: {
        answer: {
          gatewayUrl: 'https://api.example.com',
          broadcastUrl: 'https://live.example.com',
          historyUrl: 'https://history.example.com',
          auth: {
            mode: 'oidc',
            issuer: 'https://id.example.com',
            clientId: 'outcry-web',
            scopes: 'openid profile offline_access',
          },
        },
      },
    },
    ({ x }, { publicConfig }: GatewayParts) => answerJson(x, publicConfig),
  ),

  route(
    {
      method: 'get',
      path: '/v1/me',
      name: 'readCaller',
      summary: 'Whom the services take the caller for, and what the caller may do',
      who: 'any user',
      answer: { status: 200, schema: callerView },
      refusals: [],
      example: {
        answer: { id: 'sub_eQFhewGUCBlLSBTwVGXGvyGKG8i_ApyhW8MteFKTPjk', roles: ['bidder'] },
      },
    },
    ({ x, caller }) => {
      const view: CallerView = {
        id: caller.userId,
        roles: ROLE_NAMES.filter((role) => caller.roles.has(role)),
      };
      return answerJson(x, view);
    },
  ),

  route(
    {
      method: 'post',
      path: '/v1/dev/tokens',
      name: 'createDevToken',
      summary: 'A token for a demo user; only with AUTH_MODE=dev',
      who: 'anyone',
      body: devTokenRequest,
      answer: { status: 201, schema: devToken },
      refusals: ['NOT_FOUND'],
      example: {
        body: { userId: 'ann', roles: ['bidder'] },
        answer: {
          token: 'eyJhbGciOiJIUzI1NiJ9…',
          expiresAt: '2026-01-06T06:00:00.000Z',
          expiresIn: 43_200,
        },
      },
    },
    async ({ x, body }, { signDevToken }: GatewayParts) => {
      if (signDevToken === undefined) return answerProblem(x, 'NOT_FOUND', 'Nothing is here.');
      setHeader(x, 'cache-control', 'no-store');
      return answerJson(x, await signDevToken(body.userId, body.roles), 201);
    },
  ),
];
