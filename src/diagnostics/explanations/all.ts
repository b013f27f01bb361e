import { backend } from "./backend.js";
import { bench } from "./bench.js";
import { calls } from "./calls.js";
import { characters } from "./characters.js";
import { declarations } from "./declarations.js";
import { elaborate } from "./elaborate.js";
import type { Explanation } from "./explanation.js";
import { expressions } from "./expressions.js";
import { file } from "./file.js";
import { indices } from "./indices.js";
import { io } from "./io.js";
import { lfir } from "./lfir.js";
import { models } from "./models.js";
import { names } from "./names.js";
import { params } from "./params.js";
import { plan } from "./plan.js";
import { reductions } from "./reductions.js";
import { sizes } from "./sizes.js";
import { types } from "./types.js";

/** Every code that lfc prints, in order. Loaded by `lfc explain` only. */
export const explanations: readonly Explanation[] = [
  ...file,
  ...characters,
  ...declarations,
  ...expressions,
  ...reductions,
  ...indices,
  ...names,
  ...sizes,
  ...types,
  ...calls,
  ...models,
  ...params,
  ...elaborate,
  ...io,
  ...plan,
  ...backend,
  ...bench,
  ...lfir,
].toSorted((a, b) => (a.code < b.code ? -1 : 1));
