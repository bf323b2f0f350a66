import type { Adapter, AdapterPayload } from 'oidc-provider';

/** Beyond it the oldest entry goes. */
const MAX_ENTRIES = 1_000;

/** What the provider knows of sessions, grants and tokens; another one may go on with it. */
export class Memory {
  readonly #entries = new Map<string, AdapterPayload>();

  /** As the library wants it: one for each kind. */
  readonly adapter = (kind: string): Adapter => {
    const entries = this.#entries;
    const keyOf = (id: string): string => `${kind}:${id}`;
    const found = (matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined =>
      Array.from(entries).find(
        ([key, payload]) => key.startsWith(keyOf('')) && matches(payload),
      )?.[1];
    return {
      upsert: async (id, payload) => {
        entries.delete(keyOf(id));
        entries.set(keyOf(id), payload);
        const [oldest] = entries.keys();
        if (entries.size > MAX_ENTRIES && oldest !== undefined) entries.delete(oldest);
      },
      find: async (id) => entries.get(keyOf(id)),
      findByUid: async (uid) => found((payload) => payload.uid === uid),
      findByUserCode: async (userCode) => found((payload) => payload.userCode === userCode),
      consume: async (id) => {
        const payload = entries.get(keyOf(id));
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1_000);
      },
      destroy: async (id) => void entries.delete(keyOf(id)),
      revokeByGrantId: async (grantId) => {
        for (const [key, payload] of entries) {
          if (payload.grantId === grantId) entries.delete(key);
        }
      },
    };
  };
}
