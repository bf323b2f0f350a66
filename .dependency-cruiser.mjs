// Who may import whom (see ARCHITECTURE.md). Run by `npm run check`; a test plants a forbidden
// import for every rule and sees it fail.
const TESTS = '(\\.test\\.tsx?$)|(^[^/]+/testing/)';

/** Folders of a service that know what they need of the outside only as ports. */
const USE_CASES = { 'api-gateway': 'bidding', 'broadcast-service': 'feed|rooms|presence' };
const SERVICES = [...Object.keys(USE_CASES), 'archival-worker'];

/** @import { IConfiguration, IRegularForbiddenRuleType as Rule } from 'dependency-cruiser' */

/** @type {(name: string, comment: string, from: Rule['from'], to: Rule['to']) => Rule} */
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** @type {IConfiguration} */
export default {
  forbidden: [
    rule('no-cycles', 'a cycle has no beginning to read from', {}, { circular: true }),
    rule(
      'domain-imports-nothing',
      'the rules of an auction depend on nothing',
      { path: '^shared/domain/', pathNot: TESTS },
      { pathNot: '^shared/domain/' },
    ),
    rule(
      'contracts-import-domain-only',
      'contracts are words, not behaviour',
      { path: '^shared/contracts/', pathNot: TESTS },
      { pathNot: '^shared/(contracts|domain)/|^node_modules/zod/' },
    ),
    rule(
      'runtime-knows-no-auction',
      'runtime serves any service',
      { path: '^shared/runtime/', pathNot: TESTS },
      { path: '^shared/(domain|contracts|http)/' },
    ),
    rule(
      'shared-imports-no-package',
      'shared is at the bottom',
      { path: '^shared/', pathNot: TESTS },
      {
        path: '^(api-gateway|broadcast-service|archival-worker|client|web|load-tests|infrastructure)/',
      },
    ),
    rule(
      'testing-only-in-tests',
      'test helpers must not reach production',
      { pathNot: `${TESTS}|^load-tests/` },
      { path: '^shared/testing/' },
    ),
    ...SERVICES.map((service) =>
      rule(
        `${service}-imports-no-service`,
        'services meet in Redis, NATS and HTTP, never in code',
        { path: `^${service}/`, pathNot: '\\.test\\.ts$' },
        { path: `^(${SERVICES.filter((other) => other !== service).join('|')}|web|load-tests)/` },
      ),
    ),
    ...Object.entries(USE_CASES).map(([service, folders]) =>
      rule(
        `${service}-use-cases-know-no-edge`,
        'use cases know their ports, not the technology behind them',
        { path: `^${service}/(${folders})/`, pathNot: TESTS },
        {
          path: `^(shared/http|${service}/(http|adapters))/|^node_modules/(hono|@hono|ioredis|@nats-io|postgres|socket\\.io)/`,
        },
      ),
    ),
    rule(
      'data-knows-no-http',
      'what works on Postgres, Redis and JetStream asks them itself, and knows no HTTP',
      {
        path: '^(api-gateway/(auctions|hand-off|keeper|sales)|archival-worker/(accounts|archive|dead-letters|rebuild|seal|verify|whole))/',
        pathNot: TESTS,
      },
      { path: '^(shared/http|[^/]+/http)/|^node_modules/(hono|@hono)/' },
    ),
    rule(
      'sql-knows-postgres-alone',
      'history and webhooks are questions and queues in Postgres: they know no other edge',
      { path: '^archival-worker/(history|webhooks)/', pathNot: TESTS },
      {
        path: '^(shared/http|archival-worker/(http|adapters/(nats|redis)))/|^node_modules/(hono|@hono|ioredis|@nats-io)/',
      },
    ),
    rule(
      'http-knows-no-adapter',
      'routes talk to use cases',
      { path: '^[^/]+/http/', pathNot: TESTS },
      { path: '^[^/]+/adapters/' },
    ),
    rule(
      'adapters-know-no-http',
      'adapters serve ports',
      { path: '^[^/]+/adapters/', pathNot: TESTS },
      { path: '^[^/]+/http/' },
    ),
    rule(
      'only-create-wires-adapters',
      'one composition root a service, and each tool is its own',
      {
        path: '^(api-gateway|broadcast-service|archival-worker)/[^/]+\\.ts$',
        pathNot: '/(create|run)-[a-z-]+\\.ts$|/migrate\\.ts$|\\.test\\.ts$',
      },
      { path: '/adapters/' },
    ),
    rule(
      'client-stays-small',
      'the client runs in browsers',
      { path: '^client/', pathNot: TESTS },
      {
        path: '^shared/(runtime|testing)/|^node_modules/(zod|pino|ioredis)/',
        dependencyTypesNot: ['type-only'],
      },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // The parser reads no JSX; what web may import is a lint rule (.oxlintrc.json).
    exclude: { path: '(^|/)dist/|^\\.local/|^web/' },
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
    },
  },
};
