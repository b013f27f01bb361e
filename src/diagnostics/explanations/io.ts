import type { Explanation } from "./explanation.js";

/** Files, inputs, weights and machines (LF0401 – LF0419). */
export const io: readonly Explanation[] = [
  {
    code: "LF0401",
    title: "A file that cannot be read",
    text:
      "The file is not there, is a folder, or may not be read by you. Paths on the command line are relative to " +
      "the folder where lfc runs, those of imports to the file that imports.",
    arises: "It comes from a file named on the command line.",
  },
  {
    code: "LF0402",
    title: "A file that is not UTF-8",
    text: "Sources are read as UTF-8, of which ASCII is a part. Editors offer it where a file is saved.",
    arises: "It comes from the bytes of a file.",
  },
  {
    code: "LF0403",
    title: "An unknown backend",
    text:
      "`lfc backends` lists those that can be named here. A backend of your own is named in the configuration, " +
      "or is a package called `lfc-backend-NAME`.",
    arises: "It comes from the option `--backend`.",
  },
  {
    code: "LF0404",
    title: "An input without a value",
    text:
      "A model takes a value for each of its inputs: a .npy file, the bytes of a text, or random numbers that " +
      "are the same on every machine. Only `lfc compare` fills in random values by itself.",
    arises: "It comes from the option `--input`.",
  },
  {
    code: "LF0405",
    title: "A value for an input that the model has not",
    text:
      "The name before the `=` is that of an argument of the model. The message lists the inputs of the model " +
      "with their types.",
    arises: "It comes from the option `--input`.",
  },
  {
    code: "LF0406",
    title: "A value of another shape",
    text:
      "The array has other axes than the input. Run-time sizes are read off the arrays, and one that occurs " +
      "twice is the same in both; the others can be changed with `--dim`.",
    arises: "It comes from the option `--input`.",
  },
  {
    code: "LF0407",
    title: "A value of another element type",
    text:
      "Arrays are not converted, but for f32 to f16 and for i32 without negative numbers to u32. Convert the " +
      "array before it is saved, in NumPy with `.astype`.",
    arises: "It comes from the option `--input`.",
  },
  {
    code: "LF0408",
    title: "A .npy file that cannot be read",
    text: "The file is cut, is of another format, or holds pickled objects. `numpy.save` writes what is read here.",
    arises: "It comes from the bytes of a file.",
  },
  {
    code: "LF0409",
    title: "A .safetensors file that cannot be read",
    text: "The header of the file does not fit its data. A cut download is the usual cause.",
    arises: "It comes from the bytes of a file.",
  },
  {
    code: "LF0410",
    title: "Weights that do not fit the model",
    text:
      "Each parameter is looked up by the key of its `from`, or by its path when it has none, and has the " +
      "stored shape, in the stored layout of its `as`. The notes list what is missing, misshapen or left over, " +
      "all at once.",
    arises: "It comes from the option `--weights`.",
  },
  {
    code: "LF0411",
    title: "A folder that lfc did not write",
    text:
      "A folder is replaced as a whole, so that no old file stays beside new ones. To lose nothing of yours, " +
      "only folders that lfc has written, or empty ones, are replaced.",
    arises: "It comes from the option `-o`.",
  },
  {
    code: "LF0412",
    title: "A place that cannot be written",
    text:
      "You may not write there, or the disk is full. Nothing was changed: files are written beside their place " +
      "and moved into it.",
    arises: "It comes from the option `-o`.",
  },
  {
    code: "LF0413",
    title: "A run-time size out of its range",
    text:
      "The program was checked and its memory planned for the declared range, so other sizes are refused. " +
      "Change the range in the source when a longer input is meant.",
    arises: "It comes from the size of an input.",
  },
  {
    code: "LF0414",
    title: "A backend that cannot run",
    text: "Some backends write code for another place and cannot run it here. `lfc compile` works with them.",
    arises: "It comes from the option `--backend`.",
  },
  {
    code: "LF0415",
    title: "No WebGPU device",
    text:
      "The backend wgsl runs on WebGPU. In Node that is the package `webgpu` (Dawn) and a driver for Vulkan, " +
      "Metal or D3D12; `--adapter swiftshader` computes on the processor. The backends js and tfjs need none of " +
      "this.",
    arises: "It comes from the machine.",
  },
  {
    code: "LF0416",
    title: "A token beyond its table",
    text:
      "The values of this input choose rows of a parameter, as tokens choose rows of an embedding, and one of " +
      "them is no row. Such a value is refused before the run; read silently it would give another token's " +
      "vector. The usual cause is the wrong tokenizer.",
    arises: "It comes from the values of an input.",
  },
  {
    code: "LF0417",
    title: "An element type that a backend has not",
    text:
      "Not every machine has every element type: f16 is an optional feature of WebGPU, and tfjs has none. " +
      "Choose another backend, or compute in f32 and convert what is stored.",
    arises: "It comes from the option `--backend`.",
  },
  {
    code: "LF0418",
    title: "A backend failed",
    text: "The machine refused or broke off while it ran, for instance for want of memory. The reason is its own.",
    arises: "It comes from the machine.",
  },
  {
    code: "LF0419",
    title: "An array too large for this machine",
    text:
      "One array has a greatest length, which an input, a parameter or a result would exceed. Make the sizes " +
      "smaller with `--dim`.",
    arises: "It comes from the machine.",
  },
];
