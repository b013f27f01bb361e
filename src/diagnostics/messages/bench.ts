import type { Diagnostic } from "../diagnostic.js";

/** Messages about measuring: LF0430 … LF0439. */

const error = (code: Diagnostic["code"], message: string, help: string): Diagnostic => ({
  code,
  severity: "error",
  message,
  help,
});

export const noStandard = (model: string, reason: string): Diagnostic =>
  error(
    "LF0430",
    `${model} has no standard attention to be compared with: ${reason}`,
    "name a file with --vs, or compare with the textbook order: --vs textbook",
  );

export const noProfile = (backend: string, why: string): Diagnostic =>
  error("LF0431", `the backend ${backend} does not time its kernels, which ${why} needs`, "use --backends wgsl or js");

export const nothingToExplore = (model: string, backend: string): Diagnostic =>
  error(
    "LF0432",
    `no kernel of ${model} for ${backend} has a choice of tiles`,
    "tiles are chosen for products of matrices, by backends that consume kernels",
  );
