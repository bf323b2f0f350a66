/** Reads the members of a parsed JSON object, each checked; what is wrong is named in the error. */
export class Fields {
  readonly #where: string;
  readonly #members: Readonly<Record<string, unknown>>;

  private constructor(where: string, value: unknown) {
    if (!isRecord(value)) throw new Error(`"${where}" is not an object`);
    this.#where = where;
    this.#members = value;
  }

  /** @throws Error when the text is not a JSON object; so does every reader for its member. */
  static parse(where: string, text: string): Fields {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new Error(`"${where}" is not JSON`, { cause: error });
    }
    return new Fields(where, value);
  }

  object(name: string): Fields {
    return new Fields(`${this.#where}.${name}`, this.#members[name]);
  }

  isNull(name: string): boolean {
    return this.#members[name] === null;
  }

  isAbsent(name: string): boolean {
    return this.#members[name] === undefined;
  }

  integer(name: string, least: number, most: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.#members[name];
    if (typeof value === 'number' && Number.isSafeInteger(value)) {
      if (value >= least && value <= most) return value;
    }
    throw this.#fault(name, `must be an integer from ${least} to ${most}`);
  }

  optionalInteger(name: string, least: number, most: number): number | undefined {
    return this.#members[name] === undefined ? undefined : this.integer(name, least, most);
  }

  boolean(name: string): boolean {
    const value = this.#members[name];
    if (typeof value !== 'boolean') throw this.#fault(name, 'must be true or false');
    return value;
  }

  matching(name: string, pattern: RegExp): string {
    const value = this.#members[name];
    if (typeof value === 'string' && pattern.test(value)) return value;
    throw this.#fault(name, `must match ${pattern.source}`);
  }

  optionalMatching(name: string, pattern: RegExp): string | undefined {
    return this.#members[name] === undefined ? undefined : this.matching(name, pattern);
  }

  /** Without what JSON can name and a Postgres text cannot hold: NUL and half surrogate pairs. */
  text(name: string): string {
    const value = this.#members[name];
    if (typeof value !== 'string') throw this.#fault(name, 'must be a string');
    return value.replaceAll(UNSTORABLE, '\uFFFD');
  }

  optionalText(name: string): string | undefined {
    return this.#members[name] === undefined ? undefined : this.text(name);
  }

  /** ISO 8601 UTC with milliseconds, as the decide script writes it. */
  time(name: string): string {
    const value = this.#members[name];
    if (typeof value === 'string' && TIME.test(value)) return value;
    throw this.#fault(name, 'must be a time like 2026-01-31T12:00:00.000Z');
  }

  /** ISO 8601 UTC, with or without fractions of a second; given with milliseconds. */
  instant(name: string): string {
    const value = this.#members[name];
    const time = typeof value === 'string' && INSTANT.test(value) ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(time)) throw this.#fault(name, 'must be a time in UTC');
    return new Date(time).toISOString();
  }

  oneOf<const T extends string>(name: string, allowed: readonly T[]): T {
    const value = this.#members[name];
    const found = allowed.find((one) => one === value);
    if (found === undefined) throw this.#fault(name, `must be one of ${allowed.join(', ')}`);
    return found;
  }

  #fault(name: string, demand: string): Error {
    return new Error(`"${this.#where}.${name}" ${demand}`);
  }
}

const UNSTORABLE = /\0|\p{Surrogate}/gu;
/** A day that its month lacks is left to Postgres to refuse: asking Date here costs ten times more. */
const TIME =
  /^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z$/;
const INSTANT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?Z$/;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
