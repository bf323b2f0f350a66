/** What the page may load, whom it may call, and who may show it in a frame. */

interface PolicyPlaces {
  /** Origins of the services where they are not the page's own, `ws:` ones too; joined by blanks. */
  readonly connectTo: string;
  /** `'none'`, or the origins of pages that may hold this one in a frame; joined by blanks. */
  readonly framedBy: string;
}

/**
 * The value of `Content-Security-Policy`: nothing inline, scripts and styles of this origin only.
 * Sellers' pictures may be anywhere. A test holds infrastructure/docker/web.conf.template to it.
 */
export function contentPolicy({ connectTo, framedBy }: PolicyPlaces): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' http: https:",
    `connect-src 'self' ${connectTo}`,
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${framedBy}`,
  ].join('; ');
}
