/** Sizes ('64MB') and durations ('10s') as they are written in the configuration. */
import { z } from 'zod';

const SIZE_UNITS: Readonly<Record<string, number>> = { B: 1, kB: 2 ** 10, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 };
const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

function parseWithUnit(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim());
  if (match === null) return undefined;
  const factor = units[match[2]!];
  return factor === undefined ? undefined : Math.round(Number(match[1]) * factor);
}

/** A size in bytes: a whole number, or a number with B, kB, MB or GB. */
export function size(minimum: number, maximum: number): z.ZodType<number, number | string> {
  return quantity(SIZE_UNITS, 'a size such as 64MB', minimum, maximum);
}

/** A duration in milliseconds: a whole number, or a number with ms, s, min, h or d. */
export function duration(minimum: number, maximum: number): z.ZodType<number, number | string> {
  return quantity(DURATION_UNITS, 'a duration such as 10s', minimum, maximum);
}

function quantity(
  units: Readonly<Record<string, number>>,
  expected: string,
  minimum: number,
  maximum: number,
): z.ZodType<number, number | string> {
  return z.union([z.number(), z.string()]).transform((value, context): number => {
    const number = typeof value === 'number' ? value : parseWithUnit(value, units);
    if (number === undefined || !Number.isSafeInteger(number)) {
      context.addIssue({ code: 'custom', message: `expected ${expected}, got ${JSON.stringify(value)}` });
      return z.NEVER;
    }
    if (number < minimum || number > maximum) {
      context.addIssue({ code: 'custom', message: `must lie between ${minimum} and ${maximum}, got ${number}` });
      return z.NEVER;
    }
    return number;
  });
}
