import { InvalidArgumentError } from "commander";
import type { InputSource } from "../driver/inputs.js";

/** Parsers of option values; what they refuse is a usage error, exit code 2. */
export interface ModelOptions {
  readonly model?: string;
  readonly dim?: ReadonlyMap<string, number>;
  readonly fp: "relaxed" | "strict";
  readonly json?: boolean;
}

export function collectDim(
  value: string,
  previous: ReadonlyMap<string, number> | undefined,
): ReadonlyMap<string, number> {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=([0-9][0-9_]*)$/.exec(value);
  const number = Number(match?.[2]?.replaceAll("_", ""));
  if (match?.[1] === undefined || !Number.isSafeInteger(number))
    throw new InvalidArgumentError("Write Name=value with a whole number, as in Seq=512.");
  return new Map([...(previous ?? []), [match[1], number]]);
}

export function collectInput(
  value: string,
  previous: ReadonlyMap<string, InputSource> | undefined,
): ReadonlyMap<string, InputSource> {
  const at = value.indexOf("=");
  const name = value.slice(0, at);
  const what = value.slice(at + 1);
  if (at <= 0 || what === "") throw new InvalidArgumentError("Write name=FILE.npy, name=text:FILE.txt or name=random.");
  const source: InputSource =
    what === "random"
      ? { kind: "random" }
      : what.startsWith("text:")
        ? { kind: "text", path: what.slice(5) }
        : { kind: "npy", path: what };
  return new Map([...(previous ?? []), [name, source]]);
}

export const collectName = (value: string, previous: readonly string[] | undefined): readonly string[] => [
  ...(previous ?? []),
  value,
];

export function wholeNumber(value: string): number {
  const number = Number(value);
  if (!/^[0-9]+$/.test(value) || !Number.isSafeInteger(number)) throw new InvalidArgumentError("Write a whole number.");
  return number;
}

export interface InputOptions {
  readonly input?: ReadonlyMap<string, InputSource>;
  readonly weights?: string;
  readonly seed: number;
}

/** `Name=lo..hi`, or `Name=value`. */
export interface SweepRange {
  readonly dim: string;
  readonly lo: number;
  readonly hi: number;
}

export function sweepRange(value: string): SweepRange {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=([0-9][0-9_]*)(?:\.\.([0-9][0-9_]*))?$/.exec(value);
  const [, dim, from = "", to = from] = match ?? [];
  const [lo, hi] = [from, to].map((n) => Number(n.replaceAll("_", ""))) as [number, number]; // two in, two out
  if (dim === undefined || !Number.isSafeInteger(hi) || lo < 1 || hi < lo)
    throw new InvalidArgumentError("Write Name=from..to, as in Seq=512..65536.");
  return { dim, lo, hi };
}

/** A whole number of at least one. */
export function countOfAtLeastOne(value: string): number {
  const number = wholeNumber(value);
  if (number < 1) throw new InvalidArgumentError("Write a whole number of at least 1.");
  return number;
}
