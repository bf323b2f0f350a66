/** `/openapi.json`, `/docs` and the page of each problem, with all assets served from here: nothing is loaded from elsewhere. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Hono } from 'hono';
import type { PublicConfig } from '@outcry/shared/contracts/api.ts';
import { problemPage } from '@outcry/shared/contracts/problems.ts';
import { noSuchRoute } from './answers.ts';
import { pathPart, route, type GatewayContext } from './context.ts';
import { openApiDocument } from './openapi/openapi-document.ts';
import { answerJsonText, answerText, setHeader } from './exchange.ts';

/** Their types, by name. */
const ASSETS: ReadonlyMap<string, string> = new Map([
  ['swagger-ui.css', 'text/css'],
  ['swagger-ui-bundle.js', 'text/javascript'],
]);

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Outcry API</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="docs/swagger-ui.css" />
  </head>
  <body>
    <main id="docs"></main>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`;

const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', persistAuthorization: true });\n`;

const CONTENT_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/** A build copies the assets next to the bundle; in a checkout they are in the package. */
function readAsset(name: string): string {
  const beside = new URL(`./docs/${name}`, import.meta.url);
  const inPackage = (): string => createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`);
  return readFileSync(existsSync(beside) ? beside : inPackage(), 'utf8');
}

/** Describes both APIs at the public addresses of their services. */
export function addDocsRoutes(
  app: Hono<GatewayContext>,
  { gatewayUrl, historyUrl }: PublicConfig,
): void {
  const document = JSON.stringify(openApiDocument(gatewayUrl, historyUrl));
  const contentPolicy = `${CONTENT_POLICY}; connect-src 'self' ${new URL(historyUrl).origin}`;
  app.get(
    '/openapi.json',
    route((x) => answerJsonText(x, document)),
  );
  app.get(
    '/docs',
    route((x) => {
      setHeader(x, 'content-security-policy', contentPolicy);
      return answerText(x, PAGE, 200, 'text/html; charset=utf-8');
    }),
  );
  app.get(
    '/docs/start.js',
    route((x) => answerText(x, START, 200, 'text/javascript')),
  );
  app.get(
    '/problems/:code',
    route((x, c) => {
      const text = problemPage(pathPart(c, 'code'));
      if (text === undefined) return noSuchRoute(x);
      return answerText(x, text, 200, 'text/plain; charset=utf-8');
    }),
  );
  const cached = new Map<string, string>();
  app.get(
    '/docs/:asset',
    route((x, c) => {
      const name = pathPart(c, 'asset');
      const type = ASSETS.get(name);
      if (type === undefined) return noSuchRoute(x);
      const text = cached.get(name) ?? readAsset(name);
      cached.set(name, text);
      setHeader(x, 'cache-control', 'public, max-age=86400');
      return answerText(x, text, 200, type);
    }),
  );
}
