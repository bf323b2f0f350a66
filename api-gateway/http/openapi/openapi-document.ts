/** The OpenAPI 3.1 description, made from the route table and the problem table. */
import { z } from 'zod';
import {
  problem,
  PROBLEMS,
  type ProblemCode,
  type ProblemExtras,
} from '@outcry/shared/contracts/problems.ts';
import { problemSchema } from './answer-schemas.ts';
import { API_ROUTES, type ApiRoute } from './api-routes.ts';
import { EXAMPLES } from './examples.ts';
import { HISTORY_ROUTES } from './history-routes.ts';

type Json = Readonly<Record<string, unknown>>;

const DESCRIPTION = `Bids are decided one after another, durably, by Redis's clock.

Amounts are whole numbers of minor units (cents). Times are ISO 8601 in UTC. Every error is
\`application/problem+json\` with a stable \`code\`. Send an \`Idempotency-Key\` with every POST: a
repeated request with the same key gets the first answer, marked \`Idempotency-Replayed: true\`.`;

/** What one service answers. */
interface Service {
  /** Its public address, where it is not the gateway's. */
  readonly serverUrl?: string;
  readonly routes: readonly ApiRoute[];
  /** What any route can answer besides its own problems. */
  readonly always: readonly ProblemCode[];
}

const WITH_TOKEN: readonly ProblemCode[] = ['UNAUTHENTICATED'];
const WITH_ROLE: readonly ProblemCode[] = ['FORBIDDEN'];
const WITH_BODY: readonly ProblemCode[] = ['OUTCOME_UNKNOWN'];
const NOT_JSON = [400, 'The body is not valid JSON (INVALID_REQUEST)'] as const;
const TOO_LARGE = [413, 'The body is too large (INVALID_REQUEST)'] as const;
const NOT_DECLARED = [415, 'The body is not declared as JSON (INVALID_REQUEST)'] as const;
/** INVALID_REQUEST of a body has more statuses than the one in the table. */
const BODY_STATUSES = [NOT_JSON, TOO_LARGE, NOT_DECLARED] as const;

const TOO_LOW: ProblemExtras = { minimumBid: 1_100 };
/** Members that problems of a status have, for their examples. */
const EXTRAS_OF_EXAMPLES: Readonly<Record<number, ProblemExtras>> = {
  422: { errors: [{ path: 'amount', message: 'must be a whole number of minor units' }] },
  429: { retryAfterMs: 1_000 },
  503: { retryAfterMs: 1_000 },
};

/** Builds the document of both APIs from their public addresses. */
export function openApiDocument(gatewayUrl: string, historyUrl: string): Json {
  const gateway: Service = {
    routes: API_ROUTES,
    always: ['RATE_LIMITED', 'UNAVAILABLE', 'INTERNAL'],
  };
  const history: Service = {
    serverUrl: historyUrl,
    routes: HISTORY_ROUTES,
    always: ['UNAVAILABLE', 'INTERNAL'],
  };
  return {
    openapi: '3.1.0',
    info: { title: 'Outcry', version: '1', description: DESCRIPTION },
    servers: [{ url: gatewayUrl }],
    paths: { ...pathsOf(gateway), ...pathsOf(history) },
    components: {
      schemas: { Problem: jsonSchema(problemSchema) },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

function pathsOf(service: Service): Record<string, Json> {
  const paths: Record<string, Json> = {};
  for (const route of service.routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route, service) };
  }
  return paths;
}

function operation(route: ApiRoute, service: Service): Json {
  const body = route.body;
  return {
    operationId: route.name,
    summary: route.summary,
    description: `Who: ${route.who}.`,
    tags: [route.path.split('/')[2] ?? ''],
    ...(service.serverUrl === undefined ? {} : { servers: [{ url: service.serverUrl }] }),
    ...(route.who === 'anyone' ? {} : { security: [{ token: [] }] }),
    parameters: [...pathParameters(route), ...queryParameters(route), ...keyParameter(route)],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            // An empty body counts as `{}`.
            required: !body.safeParse({}).success,
            content: {
              'application/json': {
                schema: jsonSchema(body, 'input'),
                example: EXAMPLES.get(route.name)?.body,
              },
            },
          },
        }),
    responses: responses(route, service),
  };
}

const pathParameters = (route: ApiRoute): Json[] =>
  [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

function queryParameters(route: ApiRoute): Json[] {
  if (route.query === undefined) return [];
  const { properties } = z
    .object({ properties: z.record(z.string(), z.unknown()) })
    .parse(jsonSchema(route.query));
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }));
}

const keyParameter = (route: ApiRoute): Json[] =>
  route.method === 'post' && route.who !== 'anyone'
    ? [
        {
          name: 'Idempotency-Key',
          in: 'header',
          description: '1 to 128 printable ASCII characters; makes a repeat safe',
          schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,128}$' },
        },
      ]
    : [];

function responses(route: ApiRoute, { always }: Service): Json {
  const { status, schema } = route.answer;
  const codes = [
    ...route.problems,
    ...(route.who === 'anyone' ? [] : WITH_TOKEN),
    ...(route.who === 'anyone' || route.who === 'any user' ? [] : WITH_ROLE),
    ...(route.method === 'post' ? WITH_BODY : []),
    ...always,
  ];
  const texts = new Map<number, string>(route.body === undefined ? [] : BODY_STATUSES);
  const examples = new Map<number, Record<string, Json>>();
  for (const code of new Set(codes)) {
    const { status: problemStatus, title } = PROBLEMS[code];
    const { [problemStatus]: own } = EXTRAS_OF_EXAMPLES;
    const value = problem(code, `${title}.`, 'b3c1f6a2', code === 'BID_TOO_LOW' ? TOO_LOW : own);
    examples.set(problemStatus, { ...examples.get(problemStatus), [code]: { value } });
    const before = texts.get(problemStatus);
    const text = `${code}: ${title}`;
    texts.set(problemStatus, before === undefined ? text : `${before}; ${text}`);
  }
  const answers: Record<string, Json> = {
    [status]: {
      description: 'Done',
      content: {
        'application/json': {
          schema: jsonSchema(schema),
          example: EXAMPLES.get(route.name)?.answer,
        },
      },
    },
  };
  if (route.name === 'readAuction') answers['304'] = { description: 'Nothing has happened' };
  for (const [problemStatus, text] of texts) {
    answers[problemStatus] = problemAnswer(text, examples.get(problemStatus));
  }
  return answers;
}

const problemAnswer = (description: string, examples: Record<string, Json> = {}): Json => ({
  description,
  content: {
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, examples },
  },
});

function jsonSchema(schema: z.ZodType, io: 'input' | 'output' = 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
