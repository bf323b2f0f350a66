/** A service's OpenAPI 3.1 description, made from its routes and the table of problems. */
import { z } from 'zod';
import { problemSchema } from '../contracts/api-answers.ts';
import { problem, PROBLEMS, type ProblemCode, type ProblemExtras } from '../contracts/problems.ts';
import { KEY_PATTERN } from './read-request.ts';
import type { Declaration, Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a description says besides its routes. */
export interface ApiInfo {
  readonly title: string;
  readonly description: string;
  /** Where the routes are; without it, where the description is. */
  readonly url?: string;
}

/** What any route may answer. */
const ALWAYS: readonly ProblemCode[] = ['RATE_LIMITED', 'UNAVAILABLE', 'INTERNAL'];
const WITH_KEY: readonly ProblemCode[] = [
  'INVALID_REQUEST',
  'IDEMPOTENCY_MISMATCH',
  'OUTCOME_UNKNOWN',
];
/** INVALID_REQUEST of a body has more statuses than the one in the table. */
const BODY_STATUSES: readonly (readonly [number, string])[] = [
  [400, 'The body is not valid JSON (INVALID_REQUEST)'],
  [413, 'The body is too large (INVALID_REQUEST)'],
  [415, 'The body is not declared as JSON (INVALID_REQUEST)'],
];

const TOO_LOW: ProblemExtras = { minimumBid: 1_100 };
/** Members that problems of a status have, for their examples. */
const EXTRAS_OF_EXAMPLES: Readonly<Record<number, ProblemExtras>> = {
  422: { errors: [{ path: 'amount', message: 'must be a whole number of minor units' }] },
  429: { retryAfterMs: 1_000 },
  503: { retryAfterMs: 1_000 },
};

export function openApiDocument(
  { title, description, url }: ApiInfo,
  routes: readonly Pick<Route<never>, 'declaration'>[],
): Json {
  const paths: Record<string, Json> = {};
  for (const { declaration } of routes) {
    const { path, method } = declaration;
    paths[path] = { ...paths[path], [method]: operation(declaration) };
  }
  return {
    openapi: '3.1.0',
    info: { title, version: '1', description },
    ...(url === undefined ? {} : { servers: [{ url }] }),
    paths,
    components: {
      schemas: { Problem: jsonSchema(problemSchema) },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

function operation(route: Declaration): Json {
  const { body, who } = route;
  const security =
    who === 'anyone'
      ? {}
      : { security: takesAnyone(route) ? [{}, { token: [] }] : [{ token: [] }] };
  return {
    operationId: route.name,
    summary: route.summary,
    description: `Who: ${who}.`,
    tags: [route.path.split('/')[2] ?? ''],
    ...security,
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
                example: route.example.body,
              },
            },
          },
        }),
    responses: responses(route),
  };
}

const takesAnyone = ({ who }: Declaration): boolean => who.startsWith('anyone');

const pathParameters = ({ path, params }: Declaration): Json[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => {
    const pattern = params?.[name]?.source;
    const schema = { type: 'string', ...(pattern === undefined ? {} : { pattern }) };
    return { name, in: 'path', required: true, schema };
  });

function queryParameters(route: Declaration): Json[] {
  if (route.query === undefined) return [];
  const { properties } = z
    .object({ properties: z.record(z.string(), z.unknown()) })
    .parse(jsonSchema(route.query));
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }));
}

const keyParameter = ({ idempotent }: Declaration): Json[] =>
  idempotent
    ? [
        {
          name: 'Idempotency-Key',
          in: 'header',
          description: '1 to 128 printable ASCII characters; makes a repeat safe',
          schema: { type: 'string', pattern: KEY_PATTERN.source },
        },
      ]
    : [];

/** The route's own refusals, and those that follow from its declaration. */
function refusalsOf(route: Declaration): Set<ProblemCode> {
  const isForRole = !takesAnyone(route) && route.who !== 'any user';
  return new Set([
    ...route.refusals,
    ...(route.query === undefined && route.body === undefined
      ? []
      : (['INVALID_REQUEST'] as const)),
    ...(route.idempotent ? WITH_KEY : []),
    ...(route.who === 'anyone' ? [] : (['UNAUTHENTICATED', 'SIGNED_OUT'] as const)),
    ...(isForRole ? (['FORBIDDEN'] as const) : []),
    ...ALWAYS,
  ]);
}

function responses(route: Declaration): Json {
  const { status, schema, type = 'application/json', alsoCsv, notModified } = route.answer;
  const csv = alsoCsv && { 'text/csv': { schema: { type: 'string' } } };
  const texts = new Map<number, string>(route.body === undefined ? [] : BODY_STATUSES);
  const examples = new Map<number, Record<string, Json>>();
  for (const code of refusalsOf(route)) {
    const { status: problemStatus, title } = PROBLEMS[code];
    const { [problemStatus]: own } = EXTRAS_OF_EXAMPLES;
    const value = problem(code, `${title}.`, 'b3c1f6a2', code === 'BID_TOO_LOW' ? TOO_LOW : own);
    examples.set(problemStatus, { ...examples.get(problemStatus), [code]: { value } });
    const before = texts.get(problemStatus);
    const text = `${code}: ${title}`;
    texts.set(problemStatus, before === undefined ? text : `${before}; ${text}`);
  }
  const content = schema && {
    content: { [type]: { schema: jsonSchema(schema), example: route.example.answer }, ...csv },
  };
  const answers: Record<string, Json> = { [status]: { description: 'Done', ...content } };
  if (notModified !== undefined) answers['304'] = { description: notModified };
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
