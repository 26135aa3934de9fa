/**
 * The calendar of C: seconds since 1970 to days and hours and back, and the conversions of `strftime`.
 *
 * The Gregorian calendar goes on for ever in both directions; only the offset of a time zone is asked of
 * JavaScript, whose dates end in the year 275760.
 * Must not know: Lua.
 */

export type CivilTime = {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** From 0, Sunday. */
  readonly weekday: number;
  /** From 0. */
  readonly yearday: number;
};

/** Fields that need not be in their ranges. */
export type LooseTime = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
};

const daySeconds = 86_400;
/** Days of 400 years, after which the calendar repeats. */
const eraDays = 146_097;
/** From 0000-03-01 to 1970-01-01: years are counted from March, so that a leap day is a year's last. */
const epochDays = 719_468;

const floorMod = (value: number, by: number): number => value - Math.floor(value / by) * by;

/** Days from 1970-01-01 to the first of a month; `month` from 1, of any size. */
function daysBeforeMonth(year: number, month: number): number {
  const months = year * 12 + (month - 1) - 2;
  const marchYear = Math.floor(months / 12);
  const marchMonth = floorMod(months, 12);
  const era = Math.floor(marchYear / 400);
  const ofEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * marchMonth + 2) / 5);
  const dayOfEra = ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + dayOfYear;
  return era * eraDays + dayOfEra - epochDays;
}

/** The date and time of day of a number of seconds, as if in UTC. */
export function civilOf(seconds: number): CivilTime {
  const days = Math.floor(seconds / daySeconds);
  const rest = seconds - days * daySeconds;
  const shifted = days + epochDays;
  const era = Math.floor(shifted / eraDays);
  const dayOfEra = shifted - era * eraDays;
  const ofEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * ofEra + Math.floor(ofEra / 4) - Math.floor(ofEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = ofEra + era * 400 + (month <= 2 ? 1 : 0);
  return {
    year,
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
    hour: Math.floor(rest / 3600),
    minute: Math.floor((rest % 3600) / 60),
    second: rest % 60,
    weekday: floorMod(days + 4, 7),
    yearday: days - daysBeforeMonth(year, 1),
  };
}

const lastJavaScriptSecond = 8_640_000_000_000;

/** Seconds that local time is ahead of UTC at a moment. */
export function zoneOffset(seconds: number): number {
  const known = Math.max(-lastJavaScriptSecond, Math.min(lastJavaScriptSecond, seconds));
  return Math.round(-new Date(known * 1000).getTimezoneOffset() * 60);
}

/** Whether local time is ahead of what it is in the same year's winter. */
export function isDaylightSaving(seconds: number): boolean {
  const { year } = civilOf(seconds);
  const winter = Math.min(
    zoneOffset(daysBeforeMonth(year, 1) * daySeconds),
    zoneOffset(daysBeforeMonth(year, 7) * daySeconds),
  );
  return zoneOffset(seconds) > winter;
}

/** C's `mktime`: the moment of a local time; `daylight` says which clock it was read from, null if unknown. */
export function secondsOfLocal(time: LooseTime, daylight: boolean | null): number {
  const days = daysBeforeMonth(time.year, time.month) + time.day - 1;
  const local = days * daySeconds + time.hour * 3600 + time.minute * 60 + time.second;
  const guess = local - zoneOffset(local);
  const seconds = local - zoneOffset(guess);
  if (daylight === null || daylight === isDaylightSaving(seconds)) return seconds;
  return daylight ? seconds - 3600 : seconds + 3600;
}

/** The conversion that a pattern begins with (after its `%`), with its modifier, or null. */
export const validConversion = (pattern: string): string | null =>
  /^(?:[aAbBcdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%]|E[cCxXyY]|O[deHImMSuUVwWy]|C)/.exec(pattern)?.[0] ?? null;

const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

type Zone = { readonly seconds: number; readonly offset: number; readonly utc: boolean };

const padded = (value: number, width = 2): string =>
  value < 0 ? `-${String(-value).padStart(width - 1, '0')}` : String(value).padStart(width, '0');

/** One conversion of `strftime` in the locale C. */
export function strftime(letter: string, time: CivilTime, zone: Zone): string {
  const all = (pattern: string): string =>
    pattern.replace(/%(.)/g, (_, inner: string) => strftime(inner, time, zone));
  const conversion = conversions[letter];
  return conversion === undefined ? all(compounds[letter] ?? '') : conversion(time, zone);
}

const compounds: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  r: '%I:%M:%S %p',
  R: '%H:%M',
  T: '%H:%M:%S',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
};

const twelveHour = (hour: number): number => (hour % 12 === 0 ? 12 : hour % 12);

const conversions: Readonly<Record<string, (time: CivilTime, zone: Zone) => string>> = {
  '%': () => '%',
  a: (time) => (dayNames[time.weekday] ?? '').slice(0, 3),
  A: (time) => dayNames[time.weekday] ?? '',
  b: (time) => (monthNames[time.month - 1] ?? '').slice(0, 3),
  B: (time) => monthNames[time.month - 1] ?? '',
  C: (time) => padded(Math.floor(time.year / 100)),
  d: (time) => padded(time.day),
  e: (time) => String(time.day).padStart(2),
  g: (time) => padded(floorMod(isoWeek(time).year, 100)),
  G: (time) => String(isoWeek(time).year),
  h: (time) => (monthNames[time.month - 1] ?? '').slice(0, 3),
  H: (time) => padded(time.hour),
  I: (time) => padded(twelveHour(time.hour)),
  j: (time) => padded(time.yearday + 1, 3),
  m: (time) => padded(time.month),
  M: (time) => padded(time.minute),
  n: () => '\n',
  p: (time) => (time.hour < 12 ? 'AM' : 'PM'),
  S: (time) => padded(time.second),
  t: () => '\t',
  u: (time) => String(time.weekday === 0 ? 7 : time.weekday),
  U: (time) => padded(Math.floor((time.yearday + 7 - time.weekday) / 7)),
  V: (time) => padded(isoWeek(time).week),
  w: (time) => String(time.weekday),
  W: (time) => padded(Math.floor((time.yearday + 7 - ((time.weekday + 6) % 7)) / 7)),
  y: (time) => padded(floorMod(time.year, 100)),
  Y: (time) => String(time.year),
  z: (_, zone) => {
    const minutes = Math.abs(Math.round(zone.offset / 60));
    return `${zone.offset < 0 ? '-' : '+'}${padded(Math.floor(minutes / 60))}${padded(minutes % 60)}`;
  },
  Z: (_, zone) => (zone.utc ? 'GMT' : zoneName(zone.seconds)),
};

function isoWeek(time: CivilTime): { readonly year: number; readonly week: number } {
  const sinceMonday = (time.weekday + 6) % 7;
  const week = Math.floor((time.yearday - sinceMonday + 10) / 7);
  if (week < 1) return { year: time.year - 1, week: weeksOf(time.year - 1) };
  return week > weeksOf(time.year) ? { year: time.year + 1, week: 1 } : { year: time.year, week };
}

/** 53 for a year that begins, or ends, on a Thursday. */
function weeksOf(year: number): number {
  const weekdayOf = (days: number): number => floorMod(days + 4, 7);
  const first = weekdayOf(daysBeforeMonth(year, 1));
  const last = weekdayOf(daysBeforeMonth(year + 1, 1) - 1);
  return first === 4 || last === 4 ? 53 : 52;
}

function zoneName(seconds: number): string {
  const known = Math.max(-lastJavaScriptSecond, Math.min(lastJavaScriptSecond, seconds));
  const parts = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' }).formatToParts(
    new Date(known * 1000),
  );
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}
