/** Where the services are: as given, else as the gateway says. */
import type { PublicConfig } from '@outcry/shared/contracts/api.ts';
import { isConfig } from './answers.ts';
import type { HttpTransport, TransportOptions } from './http-transport.ts';

export interface OutcryClientOptions extends TransportOptions {
  /** Where the gateway is, for instance `http://localhost:8080`. */
  readonly gatewayUrl: string;
  /** Where the history API is; asked of the gateway (`/v1/config`) when not given. */
  readonly historyUrl?: string | undefined;
}

export class ServiceAddresses {
  readonly gateway: string;
  readonly #http: HttpTransport;
  #history: string | undefined;

  constructor({ gatewayUrl, historyUrl }: OutcryClientOptions, http: HttpTransport) {
    this.gateway = withoutSlash(gatewayUrl);
    this.#history = historyUrl === undefined ? undefined : withoutSlash(historyUrl);
    this.#http = http;
  }

  /** @throws OutcryError */
  config(): Promise<PublicConfig> {
    return this.#http.get(`${this.gateway}/v1/config`, isConfig);
  }

  /** @throws OutcryError */
  async history(): Promise<string> {
    this.#history ??= withoutSlash((await this.config()).historyUrl);
    return this.#history;
  }
}

export const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

export function queryText(query: Record<string, string | number | boolean | undefined>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}
