/** Names that the generated declarations give or take: a model of such a name gets another word. */
const taken: ReadonlySet<string> = new Set([
  ..."Arrays Dims DType Tensor DeviceTensor Given Input DeviceInput RunOptions DeviceRunOptions RuntimeError RuntimeErrorCode".split(
    " ",
  ),
  ..."Float32Array Int32Array Uint32Array Promise Error AbortSignal Symbol Readonly Record Partial Iterable".split(" "),
  ..."GPUDevice GPUBuffer GPUCommandEncoder GPUFeatureName Disposable Object Array Function".split(" "),
  ..."dims load requiredLimits requiredFeatures isRuntimeError".split(" "),
  // predefined types, which no interface may be called
  ..."any unknown never string number boolean symbol bigint object void undefined null".split(" "),
  ..."break case catch class const continue debugger default delete do else enum export extends false finally for if".split(
    " ",
  ),
  ..."import in instanceof new return super switch this throw true try typeof var while with yield let static".split(
    " ",
  ),
]);

/** What a model's types are called. */
export function typeName(model: string): string {
  const word = model.replace(/[^A-Za-z0-9_$]/g, "_").replace(/^(?=[0-9]|$)/, "_");
  return taken.has(word) || [...taken].some((t) => t === `${word}Inputs`) ? `${word}Model` : word;
}

/** What a model's files are called. */
export const fileBase = (model: string): string =>
  model.replace(/[^A-Za-z0-9_-]+/g, "_").replace(/^_+$/, "") || "model";
