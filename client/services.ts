/** The services over HTTP, where they are as given, else as the gateway says. */
import type { PublicConfig } from '@outcry/shared/contracts/api.ts';
import { having } from './answers.ts';
import { HttpTransport, type TransportOptions } from './http-transport.ts';

export interface OutcryClientOptions extends TransportOptions {
  /** Where the gateway is, for instance `http://localhost:8080`. */
  readonly gatewayUrl: string;
  /** Where the history API is; asked of the gateway (`/v1/config`) when not given. */
  readonly historyUrl?: string | undefined;
}

export class Services {
  readonly gateway: HttpTransport;
  readonly history: HttpTransport;
  readonly broadcaster: HttpTransport;
  #historyUrl: string | undefined;

  constructor(options: OutcryClientOptions) {
    this.#historyUrl = options.historyUrl;
    this.gateway = new HttpTransport(options, () => options.gatewayUrl);
    this.history = new HttpTransport(options, async () => {
      this.#historyUrl ??= (await this.config()).historyUrl;
      return this.#historyUrl;
    });
    this.broadcaster = new HttpTransport(options, async () => (await this.config()).broadcastUrl);
  }

  /** @throws OutcryError */
  config(): Promise<PublicConfig> {
    return this.gateway.get('/v1/config', isConfig);
  }
}

const isConfig = having<PublicConfig>({ gatewayUrl: 'string', broadcastUrl: 'string' });
