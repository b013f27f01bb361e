import { type StatementStructures, StructureKind, VariableDeclarationKind } from "ts-morph";
import { invariant } from "../util/invariant.js";
import type { ModelInterface } from "./describe.js";
import { propertyKey, quoted, template } from "./literal.js";
import { docOf, printFile } from "./project.js";

/** What differs between the modules of two backends. */
export interface ScriptParts {
  readonly face: ModelInterface;
  /** Comment lines at the top. */
  readonly note: string;
  readonly limits: Readonly<Record<string, number>>;
  readonly features: readonly string[];
  /** The name of the first parameter of `load`, where it computes on something that is given. */
  readonly device?: string;
  /** Statements that declare what the runtime is given, and how `load` gives it. */
  readonly data: readonly string[];
  readonly argument: string;
  readonly runtime:
    | { readonly kind: "inline"; readonly text: string }
    | { readonly kind: "import"; readonly from: string };
}

/** The JavaScript of a model's module. */
export function printScript(path: string, parts: ScriptParts): string {
  const { face, runtime } = parts;
  const device = parts.device === undefined ? [] : [parts.device];
  const load: StatementStructures = {
    kind: StructureKind.Function,
    name: "load",
    isExported: true,
    parameters: [...device, "weights", "options"].map((name) => ({ name })),
    statements: [`return runtime.load(${[...device, parts.argument, "weights", "options"].join(", ")});`],
    ...docOf(`Loads ${face.name}; its types are beside this file.`),
  };
  const statements: (string | StatementStructures)[] = [
    ...(runtime.kind === "import" ? [`import * as runtime from ${quoted(runtime.from)};`] : []),
    constant(
      "dims",
      object(
        face.dims.map(({ name, size }) => [
          name,
          size.op === "symbol"
            ? `{ min: ${size.lo}, max: ${size.hi}, step: ${size.step} }`
            : String(size.op === "const" ? size.value : undefined),
        ]),
      ),
    ),
    constant("requiredLimits", object(Object.entries(parts.limits).map(([name, value]) => [name, String(value)]))),
    constant("requiredFeatures", `[${parts.features.map(quoted).join(", ")}]`),
    load,
    "export const isRuntimeError = (error) => runtime.isRuntimeError(error);",
    ...parts.data,
    ...(runtime.kind === "inline"
      ? [
          `// The runtime of lfc, which knows nothing of the compiler.\nconst runtime = /* @__PURE__ */ ${runtime.text};`,
        ]
      : []),
  ];
  const text = printFile(path, parts.note, statements);
  for (const part of [...parts.data, ...(runtime.kind === "inline" ? [runtime.text] : [])])
    invariant(text.includes(part), () => `the printer changed the text of ${path}`);
  return text;
}

const object = (members: readonly (readonly [name: string, value: string])[]): string =>
  members.length === 0 ? "{}" : `{ ${members.map(([name, value]) => `${propertyKey(name)}: ${value}`).join(", ")} }`;

const constant = (name: string, initializer: string): StatementStructures => ({
  kind: StructureKind.VariableStatement,
  isExported: true,
  declarationKind: VariableDeclarationKind.Const,
  declarations: [{ name, initializer }],
});

/** The constant with the kernels' texts, each as it is in its file. */
export const printTexts = (wgsl: Readonly<Record<string, string>>): string =>
  [
    "const wgsl = {",
    ...Object.entries(wgsl).map(([name, text]) => `  ${propertyKey(name)}: ${template(text)},`),
    "};",
  ].join("\n");

/** Declares a constant with the bytes of a file, as text that every host can read. */
export const printBytes = (name: string, bytes: Uint8Array): string =>
  `const ${name} = Uint8Array.from(atob("${Buffer.from(bytes).toString("base64")}"), (c) => c.charCodeAt(0));`;
