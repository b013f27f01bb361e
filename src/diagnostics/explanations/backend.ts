import type { Explanation } from "./explanation.js";

/** Backends, their options and what they lack (LF0450 – LF0457, LF0501). */
export const backend: readonly Explanation[] = [
  {
    code: "LF0450",
    title: "An option that the backend has not",
    text:
      "Each backend has options of its own; the message lists them. A misspelt option would otherwise do " +
      "nothing, without a word.",
    arises: "It comes from the options of a backend.",
  },
  {
    code: "LF0451",
    title: "An option of a backend with a wrong value",
    text: "The message says what the option takes. Options are checked before anything is compiled.",
    arises: "It comes from the options of a backend.",
  },
  {
    code: "LF0452",
    title: "A foreign backend that does not load",
    text:
      "The module is not there, throws while it loads, or exports no backend by default. A backend is made with " +
      "`defineBackend` from `lfc/backend`.",
    arises: "It comes from a backend that is not part of lfc.",
  },
  {
    code: "LF0453",
    title: "A foreign backend for another version",
    text:
      "The interface of backends has a number, so that one written for another lfc is refused instead of " +
      "misunderstood. Install a version of the backend that fits.",
    arises: "It comes from a backend that is not part of lfc.",
  },
  {
    code: "LF0454",
    title: "A foreign backend with a wrong member",
    text:
      "The object that the module exports lacks a member of the interface, or has one of another kind. That is " +
      "a fault of the backend, for its author.",
    arises: "It comes from a backend that is not part of lfc.",
  },
  {
    code: "LF0455",
    title: "A foreign backend failed",
    text: "Code of that backend threw an error. What was written before is kept.",
    arises: "It comes from a backend that is not part of lfc.",
  },
  {
    code: "LF0456",
    title: "A foreign backend gave no answer",
    text:
      "The backend was stopped after its time was over, and nothing was written. `LFC_PLUGIN_SECONDS` gives it " +
      "more.",
    arises: "It comes from a backend that is not part of lfc.",
  },
  {
    code: "LF0457",
    title: "A configuration that cannot be used",
    text:
      "The configuration is a module whose default export says where backends are: `{ backends: { name: " +
      '"./path.js" } }`. Paths in it are relative to the configuration.',
    arises: "It comes from the configuration of a project.",
  },
  {
    code: "LF0501",
    title: "A computation in an element type that the backend has not",
    text: "The place of the message computes in this type. Convert there, or use another backend.",
    arises: "It comes from the option `--backend`.",
  },
];
