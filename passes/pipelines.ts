import type { Graph } from "../src/ir/graph/ops.js";
import type { Program } from "../src/ir/program/program.js";
import { chunkPrefixes } from "./graph/chunkPrefixes.js";
import { dropUnused } from "./graph/dropUnused.js";
import { fuseMaps } from "./graph/fuseMaps.js";
import { fuseProjectedAttention } from "./graph/fuseProjectedAttention.js";
import { growContractions } from "./graph/growContractions.js";
import { joinParallel } from "./graph/joinParallel.js";
import { reassociate } from "./graph/reassociate.js";
import { simplify } from "./graph/simplify.js";
import { dedupe } from "./kernel/dedupe.js";
import { guardBounds } from "./kernel/guardBounds.js";
import { planBuffers } from "./kernel/planBuffers.js";
import { planShared } from "./kernel/planShared.js";
import { simplifyKernels } from "./kernel/simplify.js";
import { unroll } from "./kernel/unroll.js";
import { windowBindings } from "./kernel/windowBindings.js";
import type { Pass } from "./pass.js";

/*
 * The only place where the order of passes is written: on graphs, then `schedule`, then on programs. A backend adds its
 * legalisations at the end of either.
 */

/** `elaborate` has inlined every call already. */
export const graphPipeline = [
  simplify,
  dropUnused,
  growContractions, // products of products: gives the search room
  chunkPrefixes, // sums over all earlier rows in linear time
  reassociate, // orders all products together, common intermediates paid once
  fuseMaps,
  simplify, // what the substitutions laid open
  dropUnused,
  fuseProjectedAttention, // softmax with the products round it, last: nothing looks into a region
  joinParallel, // products of one tensor that no strategy wants by themselves
] as const satisfies readonly Pass<Graph>[];

/** What `schedule` made, for every machine. */
export const programPipeline = [
  dedupe, // equal kernels once, with several dispatches: what follows is done once for all layers
  unroll,
  simplifyKernels, // what the literals decide
  guardBounds, // what is not proved in range
  windowBindings, // what is larger than a binding
  planShared,
  planBuffers, // transients share one arena
] as const satisfies readonly Pass<Program>[];
