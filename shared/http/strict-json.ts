/** JSON as strictly as money needs it: no doubled keys, no ambiguity about what was meant. */

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string };

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;
const MAX_DEPTH = 16;

/** Parses `text`; a key that occurs twice in an object, or deep nesting, is an error too. */
export function parseStrictJson(text: string): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'the body is not valid JSON' };
  }
  return faultIn(text) ?? { ok: true, value };
}

/** The text is known to be valid JSON, so its tokens tell the structure. */
function faultIn(text: string): ParsedJson | undefined {
  const open: (Set<string> | undefined)[] = [];
  let previous = '';
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') {
      open.push(token === '{' ? new Set() : undefined);
      if (open.length > MAX_DEPTH) return { ok: false, reason: 'the body is nested too deeply' };
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token === ':') {
      const key = String(JSON.parse(previous));
      const keys = open.at(-1);
      if (keys?.has(key)) return { ok: false, reason: `"${key.slice(0, 40)}" occurs twice` };
      keys?.add(key);
    }
    previous = token;
  }
  return undefined;
}
