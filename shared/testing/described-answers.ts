/** Holds real answers against their API description, so that the description cannot lie. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { openApiDocument } from '../http/openapi.ts';
import type { Route } from '../http/route.ts';

interface Described {
  readonly method: string;
  readonly path: RegExp;
  readonly answers: ReadonlyMap<number, ValidateFunction | undefined>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

/** @throws Error when a described route gives an answer that its description does not have */
export type ExpectDescribed = (method: string, path: string, status: number, body: unknown) => void;

export function describedAnswers(
  routes: readonly Pick<Route<never>, 'declaration'>[],
): ExpectDescribed {
  const described = readDocument(routes);
  return (method, path, status, body) => {
    const pathOnly = path.split('?')[0] ?? path;
    const route = described.find((each) => each.method === method && each.path.test(pathOnly));
    if (route === undefined) return;
    if (!route.answers.has(status)) {
      throw new Error(`${method} ${path} answered ${status}, which the description does not have`);
    }
    const validate = route.answers.get(status);
    if (validate !== undefined && !validate(body)) {
      const faults = JSON.stringify(validate.errors);
      throw new Error(`${method} ${path} ${status} differs from its description: ${faults}`);
    }
  };
}

function readDocument(routes: readonly Pick<Route<never>, 'declaration'>[]): Described[] {
  const info = { title: '', description: '' };
  const document = openApiDocument(info, routes) as unknown as Document;
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    // The description gives patterns beside its formats; they are what is checked.
    validateFormats: false,
  });
  const resolve = (schema: object): object =>
    '$ref' in schema ? (document.components.schemas['Problem'] ?? {}) : schema;
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { responses }]) => ({
      method: method.toUpperCase(),
      path: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
      answers: new Map(
        Object.entries(responses).map(([status, { content }]) => {
          const schema = Object.values(content ?? {})[0]?.schema;
          return [Number(status), schema && ajv.compile(resolve(schema))];
        }),
      ),
    })),
  );
}
