/** The verifiers of kernels and programs; each file begins with the rules that it checks. */
export { sharedBytes, verifyKernel } from "./verifyKernel.js";
export { arenaSize, dispatchesOf, lifetimes, verifyProgram, worldsOf } from "./verifyProgram.js";
