/** Values of settings as they are shown: numbers in the largest unit that divides them. */
import type { SettingDefinition } from '../../sblr/contract/session.ts';

type Steps = readonly (readonly [unit: string, size: number])[];

const MEMORY: Steps = [
  ['TB', 1024 ** 4],
  ['GB', 1024 ** 3],
  ['MB', 1024 ** 2],
  ['kB', 1024],
  ['B', 1],
];
const TIME: Steps = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
  ['ms', 1],
];

/** A unit may be a multiple, such as 8kB pages. */
const UNIT = /^(\d*)(\D+)$/;

/** The steps of a setting's unit, and the size of the unit itself. */
function unitOf(
  definition: SettingDefinition | undefined,
): { readonly steps: Steps; readonly size: number } | undefined {
  const unit = definition?.unit === undefined ? null : UNIT.exec(definition.unit);
  if (unit === null) return undefined;
  for (const steps of [MEMORY, TIME]) {
    const base = steps.find(([name]) => name === unit[2]);
    if (base !== undefined) return { steps, size: Number(unit[1] === '' ? 1 : unit[1]) * base[1] };
  }
  return undefined;
}

/** The value as a number of the setting's unit, however it was written. */
export function settingNumber(definition: SettingDefinition | undefined, value: string): string {
  const unit = unitOf(definition);
  const written = /^(-?\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(value.trim());
  if (unit === undefined || written === null) return value;
  const step = unit.steps.find(([name]) => name === written[2]);
  return step === undefined ? value : String(Math.round((Number(written[1]) * step[1]) / unit.size));
}

/** The value in the largest unit that divides it. */
export function settingText(definition: SettingDefinition | undefined, value: string): string {
  const unit = unitOf(definition);
  if (unit === undefined) return value;
  const number = Number(settingNumber(definition, value));
  if (!Number.isInteger(number) || number <= 0) return value;
  const total = number * unit.size;
  const [name, size] =
    unit.steps.find(([, each]) => total % each === 0) ?? (unit.steps[unit.steps.length - 1] as Steps[0]);
  return `${total / size}${name}`;
}
