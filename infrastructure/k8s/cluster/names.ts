/** What a user's DNS would say, for this process alone. */
import dns, { type LookupAddress, type LookupOptions } from 'node:dns';

type Answer = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** Has every connection to this name go to this address. */
export function resolveName(name: string, address: string): void {
  const { lookup } = dns;
  Object.assign(dns, {
    lookup: (asked: string, options: LookupOptions, answer: Answer): void => {
      if (asked !== name) lookup(asked, options, answer);
      else process.nextTick(answer, null, options.all ? [{ address, family: 4 }] : address, 4);
    },
  });
}
