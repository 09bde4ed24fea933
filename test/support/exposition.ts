/**
 * A strict reader of Prometheus' text format 0.0.4, as its documentation defines it: what a lenient
 * scraper would swallow is an error here.
 */

export interface Sample {
  /** With the suffix of a histogram. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly samples: readonly Sample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SUFFIXES = { counter: [''], gauge: [''], histogram: ['_bucket', '_sum', '_count'] } as const;

type OpenFamily = Family & { readonly samples: Sample[] };

/** Families by their names; throws at the first thing that the format does not allow. */
export function readExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const reader = new Reader();
  for (const line of text.slice(0, -1).split('\n')) reader.read(line);
  for (const family of reader.families.values()) {
    if (family.samples.length === 0) throw new Error(`${family.name} has no samples`);
    if (family.type === 'histogram') checkHistogram(family);
  }
  return reader.families;
}

class Reader {
  readonly families = new Map<string, OpenFamily>();
  readonly #series = new Set<string>();
  #help: readonly [name: string, text: string] | undefined;
  #family: OpenFamily | undefined;

  read(line: string): void {
    if (line === '') return;
    const [, word, name = '', text = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (word === 'HELP') this.#readHelp(name, text);
    else if (word === 'TYPE') this.#readType(name, text);
    else if (line.startsWith('#')) throw new Error(`an unexpected comment: ${line}`);
    else this.#readSample(line);
  }

  #readHelp(name: string, text: string): void {
    if (this.#help !== undefined) throw new Error(`${this.#help[0]} has no TYPE`);
    this.#help = [name, text];
  }

  #readType(name: string, type: string): void {
    if (this.#help?.[0] !== name) throw new Error(`${name} has no HELP`);
    if (this.families.has(name)) throw new Error(`${name} comes twice`);
    if (!NAME.test(name) || !isType(type)) throw new Error(`no name and type: ${name} ${type}`);
    this.#family = { name, type, help: this.#help[1], samples: [] };
    this.families.set(name, this.#family);
    this.#help = undefined;
  }

  #readSample(line: string): void {
    const sample = readSample(line);
    if (this.#family === undefined || !belongs(sample.name, this.#family)) {
      throw new Error(`a sample outside its family: ${line}`);
    }
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
    if (this.#series.has(key)) throw new Error(`the same series twice: ${line}`);
    this.#series.add(key);
    this.#family.samples.push(sample);
  }
}

/** The value of the only sample with these labels, among others. */
export function sampleValue(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const family = [...families.values()].find((one) => belongs(name, one));
  const matching = (family?.samples ?? []).filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  const [sample] = matching;
  if (sample === undefined || matching.length > 1) {
    throw new Error(`${matching.length} samples of ${name} ${JSON.stringify(labels)}`);
  }
  return sample.value;
}

function isType(text: string): text is Family['type'] {
  return Object.hasOwn(SUFFIXES, text);
}

function belongs(name: string, family: Family): boolean {
  return SUFFIXES[family.type].some((suffix) => name === family.name + suffix);
}

function readSample(line: string): Sample {
  const [, name = '', inner, text = ''] = /^([^{\s]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (!NAME.test(name)) throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  let rest = inner ?? '';
  while (rest !== '') {
    const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/.exec(rest);
    if (label === null) throw new Error(`no labels: ${line}`);
    const [whole, key = '', escaped = ''] = label;
    if (Object.hasOwn(labels, key)) throw new Error(`label ${key} twice: ${line}`);
    labels[key] = escaped.replace(/\\(.)/g, (_, mark: string) => (mark === 'n' ? '\n' : mark));
    rest = rest.slice(whole.length);
  }
  return { name, labels, value: readNumber(text) };
}

function readNumber(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (!/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text)) throw new Error(`no number: ${text}`);
  return Number(text);
}

/** Counts of buckets add up, their bounds rise, and the last one is the count of all. */
function checkHistogram({ name, samples }: Family): void {
  const sets = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _bound, ...labels } = sample.labels;
    const key = JSON.stringify(Object.entries(labels).sort());
    sets.set(key, [...(sets.get(key) ?? []), sample]);
  }
  for (const set of sets.values()) {
    const buckets = set.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => readNumber(labels.le ?? ''));
    const counts = buckets.map(({ value }) => value);
    const rises = (values: readonly number[], strictly: boolean): boolean =>
      values.every((value, place) => {
        const before = values[place - 1];
        return before === undefined || (strictly ? before < value : before <= value);
      });
    const all = set.find((sample) => sample.name === `${name}_count`)?.value;
    const hasSum = set.some((sample) => sample.name === `${name}_sum`);
    const isWhole = bounds.at(-1) === Number.POSITIVE_INFINITY && counts.at(-1) === all && hasSum;
    if (!rises(bounds, true) || !rises(counts, false) || !isWhole) {
      throw new Error(`${name} is no histogram`);
    }
  }
}
