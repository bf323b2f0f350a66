/** `/docs`, with all assets served from here: nothing is loaded from elsewhere. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Hono } from 'hono';
import type { PublicConfig } from '@outcry/shared/contracts/api.ts';
import { HISTORY_DOCUMENT } from '@outcry/shared/contracts/history.ts';
import { page, type ApiContext } from '@outcry/shared/http/create-api.ts';
import { answerText, noSuchRoute, setHeader } from '@outcry/shared/http/exchange.ts';

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

/** Shows the descriptions at these addresses, one below the other. */
const startOf = (documents: readonly string[]): string =>
  `for (const url of ${JSON.stringify(documents)}) {
  const domNode = document.querySelector('#docs').appendChild(document.createElement('div'));
  SwaggerUIBundle({ url, domNode, persistAuthorization: true });
}
`;

const CONTENT_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/** A build copies the assets next to the bundle; in a checkout they are in the package. */
function readAsset(name: string): string {
  const beside = new URL(`./docs/${name}`, import.meta.url);
  const inPackage = (): string => createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`);
  return readFileSync(existsSync(beside) ? beside : inPackage(), 'utf8');
}

/** Describes the gateway's API, and the history's as its service describes it. */
export function addDocsPages(app: Hono<ApiContext>, { historyUrl }: PublicConfig): void {
  const contentPolicy = `${CONTENT_POLICY}; connect-src 'self' ${new URL(historyUrl).origin}`;
  const start = startOf(['/openapi.json', historyUrl.replace(/\/+$/, '') + HISTORY_DOCUMENT]);
  app.get(
    '/docs',
    page((x) => {
      setHeader(x, 'content-security-policy', contentPolicy);
      return answerText(x, PAGE, 200, 'text/html; charset=utf-8');
    }),
  );
  app.get(
    '/docs/start.js',
    page((x) => answerText(x, start, 200, 'text/javascript')),
  );
  const cached = new Map<string, string>();
  app.get(
    '/docs/:asset',
    page((x, c) => {
      const name = c.req.param('asset') ?? '';
      const type = ASSETS.get(name);
      if (type === undefined) return noSuchRoute(x);
      const text = cached.get(name) ?? readAsset(name);
      cached.set(name, text);
      setHeader(x, 'cache-control', 'public, max-age=86400');
      return answerText(x, text, 200, type);
    }),
  );
}
