/** Which bodies are declared as what the services read: JSON, as it is. */

const JSON_CONTENT = /^application\/(?:[a-z0-9.-]+\+)?json\s*(?:;|$)/i;

/** Why a body with these headers is not read (415); undefined when it is. */
export function undeclaredJson(contentType = '', contentEncoding = ''): string | undefined {
  if (!JSON_CONTENT.test(contentType)) return 'Send the body as application/json.';
  const isPacked = contentEncoding !== '' && contentEncoding.toLowerCase() !== 'identity';
  return isPacked ? 'Send the body without Content-Encoding.' : undefined;
}
