/**
 * Time zones: names of the IANA database (through Intl, with a lazily filled table of transitions, so
 * that a lookup is an array access), fixed offsets, and POSIX style zones such as `UTC+3` or `<+05>-5`.
 */
export interface ZoneSpan {
  /** The span holds for from <= t < until, seconds since 1970 UTC. */
  readonly from: number;
  readonly until: number;
  /** Seconds east of UTC. */
  readonly offset: number;
  /** Short name such as 'CET', or '+03'. */
  readonly abbreviation: string;
}

export interface TimeZone {
  /** Name as a setting shows it. */
  readonly name: string;
  spanAt(utcSeconds: number): ZoneSpan;
}

class FixedZone implements TimeZone {
  readonly name: string;
  readonly #span: ZoneSpan;

  constructor(name: string, offset: number, abbreviation: string) {
    this.name = name;
    this.#span = { from: -Infinity, until: Infinity, offset, abbreviation };
  }

  spanAt(): ZoneSpan {
    return this.#span;
  }
}

export const UTC: TimeZone = new FixedZone('UTC', 0, 'UTC');

/** A zone with one offset; seconds east of UTC. Named as POSIX zones are, e.g. '<+05:30>-05:30'. */
export function fixedZone(offsetSeconds: number): TimeZone {
  const label = shortOffset(offsetSeconds);
  return new FixedZone(`<${label}>${shortOffset(-offsetSeconds)}`, offsetSeconds, label);
}

/** '+05', '-03:30', '+00:00:07': as few parts as needed. */
export function shortOffset(offsetSeconds: number): string {
  const sign = offsetSeconds < 0 ? '-' : '+';
  const total = Math.abs(offsetSeconds);
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor(total / 60) % 60;
  const seconds = total % 60;
  let text = `${sign}${hours < 10 ? '0' : ''}${hours}`;
  if (minutes !== 0 || seconds !== 0) text += `:${minutes < 10 ? '0' : ''}${minutes}`;
  if (seconds !== 0) text += `:${seconds < 10 ? '0' : ''}${seconds}`;
  return text;
}

const BLOCK_SECONDS = 31_557_600;
const SAMPLE_SECONDS = 864_000;
/** Rules repeat every 400 years: later times are mapped back by whole cycles. */
const CYCLE_SECONDS = 12_622_780_800;
const FIRST_SECOND = -5_364_662_400; // 1800
const LAST_SECOND = 16_725_225_600; // 2500

class NamedZone implements TimeZone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #blocks = new Map<number, ZoneSpan[]>();
  #last: ZoneSpan = { from: 0, until: 0, offset: 0, abbreviation: '' };

  constructor(name: string) {
    this.name = name;
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  spanAt(utcSeconds: number): ZoneSpan {
    const last = this.#last;
    if (utcSeconds >= last.from && utcSeconds < last.until) return last;
    let time = utcSeconds;
    if (time < FIRST_SECOND) time = FIRST_SECOND;
    else if (time >= LAST_SECOND) {
      const cycles = Math.floor((time - LAST_SECOND) / CYCLE_SECONDS) + 1;
      const shift = cycles * CYCLE_SECONDS;
      const span = this.spanAt(time - shift);
      return {
        from: span.from + shift,
        until: span.until + shift,
        offset: span.offset,
        abbreviation: span.abbreviation,
      };
    }
    const block = Math.floor(time / BLOCK_SECONDS);
    let spans = this.#blocks.get(block);
    if (spans === undefined) {
      spans = this.#fill(block * BLOCK_SECONDS);
      this.#blocks.set(block, spans);
    }
    for (const span of spans) {
      if (time < span.until) {
        const found = utcSeconds < FIRST_SECOND ? { ...span, from: -Infinity } : span;
        this.#last = found;
        return found;
      }
    }
    return spans[spans.length - 1] as ZoneSpan;
  }

  /** The spans of one block, cut at its ends. */
  #fill(start: number): ZoneSpan[] {
    const spans: ZoneSpan[] = [];
    const end = start + BLOCK_SECONDS;
    let from = start;
    let offset = this.#offset(start);
    for (let at = start; at < end; at += SAMPLE_SECONDS) {
      const next = Math.min(at + SAMPLE_SECONDS, end);
      const nextOffset = this.#offset(next);
      if (nextOffset === offset) continue;
      let low = at;
      let high = next;
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (this.#offset(middle) === offset) low = middle;
        else high = middle;
      }
      if (high >= end) break;
      spans.push({ from, until: high, offset, abbreviation: zoneAbbreviation(this.name, from, offset) });
      from = high;
      offset = this.#offset(high);
    }
    spans.push({ from, until: end, offset, abbreviation: zoneAbbreviation(this.name, from, offset) });
    return spans;
  }

  #offset(utcSeconds: number): number {
    let year = 0;
    let month = 0;
    let day = 0;
    let hour = 0;
    let minute = 0;
    let second = 0;
    for (const part of this.#format.formatToParts(utcSeconds * 1000)) {
      switch (part.type) {
        case 'year':
          year = Number(part.value);
          break;
        case 'month':
          month = Number(part.value);
          break;
        case 'day':
          day = Number(part.value);
          break;
        case 'hour':
          hour = Number(part.value);
          break;
        case 'minute':
          minute = Number(part.value);
          break;
        case 'second':
          second = Number(part.value);
          break;
        default:
      }
    }
    return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - utcSeconds;
  }
}

/** Abbreviations where the runtime's own names are not those of the zone database: standard, summer. */
const ABBREVIATIONS: readonly (readonly [RegExp, readonly [number, string, number, string]])[] = [
  [/^(Europe\/(London|Belfast|Guernsey|Jersey|Isle_of_Man)|GB|GB-Eire)$/, [0, 'GMT', 3600, 'BST']],
  [/^(Europe\/Dublin|Eire)$/, [0, 'GMT', 3600, 'IST']],
  [/^(Europe\/(Lisbon)|Atlantic\/(Canary|Madeira|Faroe|Faeroe)|Portugal|WET)$/, [0, 'WET', 3600, 'WEST']],
  [/^(Europe\/(Moscow|Simferopol)|W-SU)$/, [10800, 'MSK', 14400, 'MSD']],
  [
    /^(Europe\/(Athens|Bucharest|Chisinau|Helsinki|Kiev|Kyiv|Mariehamn|Nicosia|Riga|Sofia|Tallinn|Uzhgorod|Vilnius|Zaporozhye|Kaliningrad)|Asia\/(Beirut|Nicosia|Famagusta|Gaza|Hebron)|Africa\/(Cairo|Tripoli)|Egypt|Libya|EET)$/,
    [7200, 'EET', 10800, 'EEST'],
  ],
  [
    /^(Europe\/(?!Istanbul|Minsk|Samara|Saratov|Ulyanovsk|Volgograd|Astrakhan|Kirov).*|Africa\/(Algiers|Tunis|Ceuta)|Arctic\/Longyearbyen|Poland|CET|MET)$/,
    [3600, 'CET', 7200, 'CEST'],
  ],
  [/^(Asia\/Tokyo|Japan)$/, [32400, 'JST', 36000, 'JDT']],
  [/^(Asia\/Seoul|ROK|Asia\/Pyongyang)$/, [32400, 'KST', 36000, 'KDT']],
  [/^(Asia\/(Shanghai|Chongqing|Chungking|Harbin|Macau|Taipei)|PRC|ROC)$/, [28800, 'CST', 32400, 'CDT']],
  [/^(Asia\/Hong_Kong|Hongkong)$/, [28800, 'HKT', 32400, 'HKST']],
  [/^(Asia\/Manila)$/, [28800, 'PST', 32400, 'PDT']],
  [/^(Asia\/(Kolkata|Calcutta))$/, [19800, 'IST', 23400, '+0630']],
  [/^(Asia\/(Jerusalem|Tel_Aviv)|Israel)$/, [7200, 'IST', 10800, 'IDT']],
  [/^(Asia\/Karachi)$/, [18000, 'PKT', 21600, 'PKST']],
  [/^(Asia\/Jakarta|Asia\/Pontianak)$/, [25200, 'WIB', 28800, 'WIB']],
  [
    /^(Australia\/(Sydney|Melbourne|Brisbane|Hobart|Canberra|ACT|NSW|Queensland|Tasmania|Victoria|Lindeman|Currie))$/,
    [36000, 'AEST', 39600, 'AEDT'],
  ],
  [/^(Australia\/(Adelaide|Darwin|Broken_Hill|North|South|Yancowinna))$/, [34200, 'ACST', 37800, 'ACDT']],
  [/^(Australia\/(Perth|West))$/, [28800, 'AWST', 32400, 'AWDT']],
  [/^(Pacific\/Auckland|NZ|Antarctica\/McMurdo|Antarctica\/South_Pole)$/, [43200, 'NZST', 46800, 'NZDT']],
  [/^(Africa\/(Johannesburg|Maseru|Mbabane))$/, [7200, 'SAST', 10800, 'SAST']],
  [
    /^(Africa\/(Nairobi|Addis_Ababa|Mogadishu|Kampala|Dar_es_Salaam|Djibouti|Asmara)|Indian\/(Antananarivo|Comoro|Mayotte))$/,
    [10800, 'EAT', 10800, 'EAT'],
  ],
  [
    /^(Africa\/(Lagos|Luanda|Kinshasa|Libreville|Niamey|Douala|Bangui|Malabo|Ndjamena|Porto-Novo|Brazzaville))$/,
    [3600, 'WAT', 7200, 'WAST'],
  ],
  [
    /^(Africa\/(Maputo|Harare|Lusaka|Lubumbashi|Kigali|Gaborone|Blantyre|Bujumbura|Khartoum|Juba|Windhoek))$/,
    [7200, 'CAT', 10800, 'CAST'],
  ],
  [
    /^(Africa\/(Abidjan|Accra|Dakar|Bamako|Banjul|Conakry|Freetown|Lome|Monrovia|Nouakchott|Ouagadougou|Sao_Tome|Bissau)|Atlantic\/(Reykjavik|St_Helena)|Iceland)$/,
    [0, 'GMT', 3600, '+01'],
  ],
  [/^(UTC|Etc\/UTC|Etc\/UCT|UCT|Zulu|Etc\/Zulu|Universal|Etc\/Universal)$/, [0, 'UTC', 0, 'UTC']],
  [/^(GMT|Etc\/GMT|Greenwich|Etc\/Greenwich|GMT0|GMT[+-]0|Etc\/GMT0|Etc\/GMT[+-]0)$/, [0, 'GMT', 0, 'GMT']],
];

const nameFormats = new Map<string, Intl.DateTimeFormat>();

function zoneAbbreviation(zone: string, utcSeconds: number, offset: number): string {
  for (const [pattern, [standard, standardName, summer, summerName]] of ABBREVIATIONS) {
    if (pattern.test(zone)) {
      if (offset === standard) return standardName;
      if (offset === summer) return summerName;
      break;
    }
  }
  let format = nameFormats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'short' });
    nameFormats.set(zone, format);
  }
  const name = format.formatToParts(utcSeconds * 1000).find((part) => part.type === 'timeZoneName')?.value ?? '';
  if (/^[A-Z]{3,5}$/.test(name) && name !== 'GMT') return name;
  if (offset % 60 !== 0) return 'LMT';
  return shortOffset(offset).replace(':', '');
}

/** Zones kept at most: names come from clients. */
const MAX_CACHED_ZONES = 700;
const zones = new Map<string, TimeZone | null>();
let properNames: Map<string, string> | undefined;

const LINKS = [
  'UTC',
  'GMT',
  'Etc/UTC',
  'Etc/GMT',
  'EST',
  'MST',
  'HST',
  'EST5EDT',
  'CST6CDT',
  'MST7MDT',
  'PST8PDT',
  'CET',
  'MET',
  'EET',
  'WET',
  'Zulu',
  'Universal',
  'Greenwich',
  'US/Eastern',
  'US/Central',
  'US/Mountain',
  'US/Pacific',
  'US/Alaska',
  'US/Hawaii',
  'US/Arizona',
  'Asia/Kolkata',
  'Europe/Kyiv',
  'Asia/Ho_Chi_Minh',
  'Asia/Kathmandu',
  'Asia/Yangon',
  'America/Buenos_Aires',
  'America/Argentina/Buenos_Aires',
  'Asia/Calcutta',
  'Asia/Saigon',
  'Canada/Eastern',
  'Canada/Pacific',
  'Japan',
  'Singapore',
  'Israel',
  'Turkey',
  'Egypt',
  'Iran',
  'Poland',
  'Portugal',
  'PRC',
  'ROK',
  'ROC',
  'NZ',
  'GB',
  'W-SU',
  'Cuba',
  'Eire',
  'Hongkong',
  'Iceland',
  'Jamaica',
  'Libya',
  'Navajo',
];

/** All zone names known, in their usual spelling. */
export function timeZoneNames(): readonly string[] {
  return [...names().values()].sort();
}

function names(): Map<string, string> {
  if (properNames === undefined) {
    properNames = new Map();
    for (const name of Intl.supportedValuesOf('timeZone')) properNames.set(name.toLowerCase(), name);
    for (const name of LINKS) properNames.set(name.toLowerCase(), name);
    for (let hours = 1; hours <= 14; hours++) properNames.set(`etc/gmt-${hours}`, `Etc/GMT-${hours}`);
    for (let hours = 1; hours <= 12; hours++) properNames.set(`etc/gmt+${hours}`, `Etc/GMT+${hours}`);
  }
  return properNames;
}

/** Finds a zone by name (any case) or POSIX specification; undefined = unknown. */
export function timeZoneByName(text: string): TimeZone | undefined {
  const key = text.trim().toLowerCase();
  const cached = zones.get(key);
  if (cached !== undefined) return cached ?? undefined;
  const found = key === 'utc' ? UTC : (namedZone(text.trim()) ?? posixZone(text.trim()));
  if (zones.size >= MAX_CACHED_ZONES) zones.clear();
  zones.set(key, found ?? null);
  return found;
}

function namedZone(text: string): TimeZone | undefined {
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(text) || text.length > 64) return undefined;
  const proper = names().get(text.toLowerCase());
  if (proper === undefined && !/[/]|^[A-Z]{3}$|^[A-Za-z][a-z]+$/.test(text)) return undefined;
  try {
    return new NamedZone(proper ?? titleCase(text));
  } catch {
    return undefined;
  }
}

function titleCase(text: string): string {
  if (/[A-Z]/.test(text)) return text;
  return text.replace(/[a-z]+/g, (word) =>
    word === 'of' || word === 'au' ? word : word.charAt(0).toUpperCase() + word.slice(1),
  );
}

/** POSIX: abbreviation, then hours WEST of Greenwich, then optional summer time (US rules, not carried: refused). */
function posixZone(text: string): TimeZone | undefined {
  const match = /^(<[^>]{1,20}>|[A-Za-z]*)([+-]?)(\d{1,3})(?::(\d{1,2}))?(?::(\d{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  const hours = Number(match[3]);
  if (hours > 167) return undefined;
  const seconds = hours * 3600 + Number(match[4] ?? 0) * 60 + Number(match[5] ?? 0);
  const offset = match[2] === '-' ? seconds : -seconds;
  const label = (match[1] ?? '').replace(/[<>]/g, '');
  return new FixedZone(
    text.toUpperCase() === text || text.startsWith('<') ? text : text.toUpperCase(),
    offset,
    label === '' ? shortOffset(offset) : label.toUpperCase(),
  );
}

/** The zone a TimeZone setting names: a name, POSIX specification, or a number of hours east. */
export function timeZoneSetting(text: string): TimeZone | undefined {
  const trimmed = text.trim();
  if (/^[+-]?\d+(\.\d+)?$/.test(trimmed)) return fixedZone(Math.round(Number(trimmed) * 3600));
  const span = /^interval\s*'?([+-]?)(\d{1,2}):?(\d{2})?(?::(\d{2}))?'?$/i.exec(trimmed);
  if (span !== null) {
    const seconds = Number(span[2]) * 3600 + Number(span[3] ?? 0) * 60 + Number(span[4] ?? 0);
    return fixedZone(span[1] === '-' ? -seconds : seconds);
  }
  return timeZoneByName(trimmed);
}

/** SYSTEM (the server's, which is UTC), a zone's name, or an offset EAST of UTC of at most 14 hours: '+05:30'. */
export function zoneOrOffset(text: string): TimeZone | undefined {
  const offset = /^([+-])(\d{1,2}):(\d\d)$/.exec(text);
  if (offset === null) {
    if (text.toLowerCase() === 'system') return UTC;
    return /^[A-Za-z]/.test(text) && !/\d:/.test(text) ? timeZoneByName(text) : undefined;
  }
  const minutes = Number(offset[2]) * 60 + Number(offset[3]);
  const limit = offset[1] === '-' ? 14 * 60 - 1 : 14 * 60;
  if (Number(offset[3]) > 59 || minutes > limit) return undefined;
  return fixedZone((offset[1] === '-' ? -minutes : minutes) * 60);
}

/** Abbreviations accepted in input: seconds east of UTC. */
export const ZONE_ABBREVIATIONS: Readonly<Record<string, number>> = {
  utc: 0,
  gmt: 0,
  z: 0,
  zulu: 0,
  ut: 0,
  uct: 0,
  wet: 0,
  west: 3600,
  bst: 3600,
  cet: 3600,
  cest: 7200,
  met: 3600,
  mest: 7200,
  mez: 3600,
  mesz: 7200,
  eet: 7200,
  eest: 10800,
  msk: 10800,
  msd: 14400,
  sast: 7200,
  ist: 7200,
  idt: 10800,
  eat: 10800,
  est: -18000,
  edt: -14400,
  cst: -21600,
  cdt: -18000,
  mst: -25200,
  mdt: -21600,
  pst: -28800,
  pdt: -25200,
  akst: -32400,
  akdt: -28800,
  hst: -36000,
  ast: -14400,
  adt: -10800,
  nst: -12600,
  ndt: -9000,
  jst: 32400,
  kst: 32400,
  kdt: 36000,
  hkt: 28800,
  cct: 28800,
  pht: 28800,
  awst: 28800,
  aest: 36000,
  aedt: 39600,
  aesst: 39600,
  acst: 34200,
  acdt: 37800,
  nzst: 43200,
  nzdt: 46800,
  nzt: 43200,
  brt: -10800,
  brst: -7200,
  art: -10800,
  clt: -14400,
  clst: -10800,
  sgt: 28800,
  pkt: 18000,
  npt: 20700,
  fet: 10800,
  samt: 14400,
  yekt: 18000,
  omst: 21600,
  krat: 25200,
  irkt: 28800,
  yakt: 32400,
  vlat: 36000,
  magt: 39600,
  pett: 43200,
  bdt: 21600,
  ict: 25200,
  wib: 25200,
  mmt: 23400,
  gst: 14400,
  azt: 14400,
  uzt: 18000,
  almt: 21600,
  ulat: 28800,
  chast: 45900,
  chadt: 49500,
};

/** Offset in force for a local time: in a gap the one before it, in an overlap the one after it. */
export function offsetForLocal(zone: TimeZone, localSeconds: number): number {
  const before = zone.spanAt(localSeconds - 86400);
  const after = zone.spanAt(localSeconds + 86400);
  if (before.offset === after.offset) return before.offset;
  // Walk to the boundary where the offset really changes; block ends may split equal spans.
  let span = before;
  while (span.until < after.from && zone.spanAt(span.until).offset === before.offset) span = zone.spanAt(span.until);
  const boundary = span.until;
  const next = zone.spanAt(boundary);
  const withBefore = localSeconds - before.offset;
  const withAfter = localSeconds - next.offset;
  if (withBefore < boundary && withAfter < boundary) return before.offset;
  if (withBefore > boundary && withAfter >= boundary) return next.offset;
  return before.offset < next.offset ? before.offset : next.offset;
}
