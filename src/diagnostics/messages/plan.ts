import type { Diagnostic } from "../diagnostic.js";

/** Messages about plan files: LF0420 … LF0424. */

export const malformedPlan = (path: string, problems: readonly string[]): Diagnostic => ({
  code: "LF0420",
  severity: "error",
  message: `${path} is not a plan: ${problems[0] ?? "it is empty"}`,
  notes: problems.slice(1).map((message) => ({ message })),
  help: "--save-plan writes one; what a plan does not name is decided as without it",
});

export const planVersion = (path: string, found: string, known: number): Diagnostic => ({
  code: "LF0421",
  severity: "error",
  message: `${path} is a plan of version ${found}, this lfc reads version ${known}`,
  help: "write it again with --save-plan",
});

export const unknownSubject = (what: string, subject: string, near: string | undefined): Diagnostic => ({
  code: "LF0422",
  severity: "warning",
  message: `the plan has ${what} for ${subject}, about which nothing is decided in this model`,
  help: near === undefined ? "lfc explain lists the subjects of a model" : `did you mean ${near}?`,
});

export const planNotFollowed = (
  what: string,
  subject: string,
  backend: string,
  wanted: string,
  taken: string,
): Diagnostic => ({
  code: "LF0423",
  severity: "warning",
  message: `${what} ${wanted} of the plan cannot be had for ${subject} on ${backend}; ${taken} is taken`,
  help: "lfc explain lists what there is to choose from",
});
